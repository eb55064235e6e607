import { Migration } from '@mikro-orm/migrations';

export class Migration20261122143629_record_access extends Migration {

  override name = 'Migration20261122143629_record_access';

  override up(): void | Promise<void> {
    this.addSql(`create table "record_access_fact" ("id" uuid not null, "patient_id" uuid not null, "subject" varchar(255) not null, "scopes" text[] not null, "until" timestamptz null, "fact_version" int not null, primary key ("id"));`);
    this.addSql(`create index "record_access_fact_subject_index" on "record_access_fact" ("subject");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "record_access_fact" cascade;`);



  }

}
