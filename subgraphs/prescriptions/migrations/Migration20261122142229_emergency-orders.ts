import { Migration } from '@mikro-orm/migrations';

export class Migration20261122142229_emergency_orders extends Migration {

  override name = 'Migration20261122142229_emergency_orders';

  override up(): void | Promise<void> {
    this.addSql(`create table "emergency_follow_up" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "status" text not null, "authorised_at" timestamptz not null, "due_at" timestamptz not null, "rule" varchar(255) not null, "received_at" timestamptz null, "postmarked_on" date null, "answered_by" uuid null, "confirmed_by" varchar(255) null, "notices" jsonb not null, primary key ("id"));`);
    this.addSql(`alter table "emergency_follow_up" add constraint "emergency_follow_up_prescription_id_unique" unique ("prescription_id");`);
    this.addSql(`alter table "emergency_follow_up" add constraint "emergency_follow_up_answered_by_unique" unique ("answered_by");`);
    this.addSql(`create index "emergency_follow_up_status_due_at_index" on "emergency_follow_up" ("status", "due_at");`);

    this.addSql(`alter table "prescription" drop constraint "prescription_source_check";`);
    this.addSql(`alter table "prescription" add "oral_authorised_at" timestamptz null;`);
    this.addSql(`alter table "prescription" add constraint "prescription_source_check" check ("source" in ('NCPDP_SCRIPT', 'FHIR', 'PORTAL', 'UPLOAD', 'ORAL'));`);

    this.addSql(`alter table "emergency_follow_up" add constraint "emergency_follow_up_status_check" check ("status" in ('AWAITED', 'RECEIVED', 'OVERDUE', 'NOTIFIED', 'NOT_NEEDED'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "emergency_follow_up" cascade;`);



    this.addSql(`alter table "prescription" drop constraint "prescription_source_check";`);
    this.addSql(`alter table "prescription" drop column "oral_authorised_at";`);
    this.addSql(`alter table "prescription" add constraint "prescription_source_check" check ("source" in ('NCPDP_SCRIPT', 'FHIR', 'PORTAL', 'UPLOAD'));`);

  }

}
