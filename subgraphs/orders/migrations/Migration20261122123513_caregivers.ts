import { Migration } from '@mikro-orm/migrations';

export class Migration20261122123513_caregivers extends Migration {

  override name = 'Migration20261122123513_caregivers';

  override up(): void | Promise<void> {
    this.addSql(`create table "delegation_fact" ("id" uuid not null, "patient_id" uuid not null, "subject" varchar(255) not null, "scopes" text[] not null, "fact_version" int not null, primary key ("id"));`);
    this.addSql(`create index "delegation_fact_subject_index" on "delegation_fact" ("subject");`);
  }

}
