import { Migration } from '@mikro-orm/migrations';

export class Migration20261122110220_erasure extends Migration {

  override name = 'Migration20261122110220_erasure';

  override up(): void | Promise<void> {
    this.addSql(`create table "erasure_confirmation" ("request_id" uuid not null, "service" text not null, "at" timestamptz not null, primary key ("request_id", "service"));`);

    this.addSql(`create table "erasure_request" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "status" text not null, "requested_at" timestamptz not null, "not_before" timestamptz not null, "erased_at" timestamptz null, "certified_at" timestamptz null, "certificate_hash" varchar(64) null, primary key ("id"));`);
    this.addSql(`create unique index erasure_request_in_force on erasure_request (patient_id) where status <> 'WITHDRAWN';`);
    this.addSql(`create index erasure_request_waiting on erasure_request (not_before) where status = 'RESTRICTED';`);

    this.addSql(`create table "record_fact" ("patient_id" uuid not null, "last_entry_at" timestamptz not null, primary key ("patient_id"));`);

    // the clocks of those who are here already start now, at the latest
    this.addSql(`insert into record_fact (patient_id, last_entry_at) select distinct patient_id, now() from (select patient_id from prescription_fact union select patient_id from notification) known where patient_id is not null;`);

    this.addSql(`alter table "erasure_confirmation" add constraint "erasure_confirmation_service_check" check ("service" in ('patients', 'prescriptions', 'orders', 'logistics'));`);

    this.addSql(`alter table "erasure_request" add constraint "erasure_request_status_check" check ("status" in ('RESTRICTED', 'WITHDRAWN', 'ERASING', 'CERTIFIED'));`);
  }

}
