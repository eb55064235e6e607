import { Migration } from '@mikro-orm/migrations';

export class Migration20261122113812_disclosures extends Migration {

  override name = 'Migration20261122113812_disclosures';

  override up(): void | Promise<void> {
    this.addSql(`create table "disclosure" ("id" uuid not null, "patient_id" uuid not null, "at" timestamptz not null, "recipient" varchar(255) not null, "what" varchar(255) not null, "purpose" varchar(255) not null, "consent_version" int not null, primary key ("id"));`);
    this.addSql(`create index "disclosure_patient_id_id_index" on "disclosure" ("patient_id", "id");`);
    // those told of before this table was kept
    this.addSql(`insert into disclosure (id, patient_id, at, recipient, what, purpose, consent_version) select event_id, (data->>'patientId')::uuid, time, data->>'recipient', 'record as FHIR R4', data->>'purpose', (data->>'consentVersion')::int from outbox where type = 'patients.record-disclosed.v1';`);
    this.addSql(`create function disclosure_is_append_only() returns trigger language plpgsql as $$ begin raise exception 'disclosure rows are append-only'; end $$;`);
    this.addSql(`create trigger disclosure_is_append_only before update or delete on disclosure for each row execute function disclosure_is_append_only();`);
  }

}
