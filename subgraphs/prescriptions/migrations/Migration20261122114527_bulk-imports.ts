import { Migration } from '@mikro-orm/migrations';

export class Migration20261122114527_bulk_imports extends Migration {

  override name = 'Migration20261122114527_bulk_imports';

  override up(): void | Promise<void> {
    this.addSql(`create table "bulk_import" ("id" uuid not null, "version" int not null default 1, "external_key" varchar(255) not null, "submitted_by" varchar(255) not null, "actor" jsonb not null, "status" text not null, "total" int not null, "accepted" int not null, "refused" int not null, "read_along" int not null, "created_at" timestamptz not null, "finished_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "bulk_import" add constraint "bulk_import_external_key_unique" unique ("external_key");`);
    this.addSql(`create table "bulk_import_line" ("id" uuid not null, "import_id" uuid not null, "number" int not null, "status" text not null, "names" text[] not null, "sealed" text null, "reason" text null, "field" varchar(255) null, "prescription_id" uuid null, primary key ("id"));`);
    this.addSql(`create index bulk_import_line_waiting on bulk_import_line (import_id, number) where status = 'WAITING';`);
    this.addSql(`create index bulk_import_line_names on bulk_import_line using gin (names);`);
    this.addSql(`alter table "bulk_import_line" add constraint "bulk_import_line_import_id_number_unique" unique ("import_id", "number");`);
    this.addSql(`alter table "bulk_import" add constraint "bulk_import_status_check" check ("status" in ('RUNNING', 'DONE'));`);
    this.addSql(`alter table "bulk_import_line" add constraint "bulk_import_line_status_check" check ("status" in ('WAITING', 'ACCEPTED', 'REFUSED', 'READ_ALONG'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "bulk_import_line" cascade;`);
    this.addSql(`drop table if exists "bulk_import" cascade;`);
  }

}
