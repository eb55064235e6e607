import { Migration } from '@mikro-orm/migrations';

export class Migration20261122112551_parts_refills_versions extends Migration {

  override name = 'Migration20261122112551_parts_refills_versions';

  override up(): void | Promise<void> {
    this.addSql(`create table "owed_balance" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "fill_id" uuid not null, "number" int not null, "status" text not null, "status_reason_code" varchar(255) null, "prescribed" numeric(12,3) not null, "dispensed" numeric(12,3) not null, "cause" text not null, "first_at" timestamptz not null, "deadline" timestamptz not null, "rule" varchar(255) not null, primary key ("id"));`);
    this.addSql(`create index "owed_balance_prescription_id_index" on "owed_balance" ("prescription_id");`);
    this.addSql(`alter table "owed_balance" add constraint "owed_balance_fill_id_unique" unique ("fill_id");`);
    this.addSql(`create index "owed_balance_status_deadline_index" on "owed_balance" ("status", "deadline");`);

    this.addSql(`create table "refill_request" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "patient_id" uuid not null, "origin" text not null, "status" text not null, "reason_code" varchar(255) not null, "rule" varchar(255) null, "due_on" date null, "order_id" uuid null, "renewed_by_id" uuid null, "requested_by" varchar(255) not null, "requested_at" timestamptz not null, "asked_prescriber_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "refill_request_prescription_id_index" on "refill_request" ("prescription_id");`);
    this.addSql(`create index "refill_request_patient_id_index" on "refill_request" ("patient_id");`);
    this.addSql(`create index "refill_request_status_due_on_index" on "refill_request" ("status", "due_on");`);
    this.addSql(`create unique index refill_request_one_open on refill_request (prescription_id) where status in ('REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY', 'ORDERED');`);

    this.addSql(`alter table "drug_fact" add "therapeutic_equivalence" varchar(255) null;`);

    this.addSql(`alter table "fill" add "chain_id" uuid null, add "part_cause" text null, add "balance_id" uuid null, add "daw" int null;`);
    // until now every prescription was its only version
    this.addSql(`update "fill" set "chain_id" = "prescription_id";`);
    this.addSql(`alter table "fill" alter column "chain_id" set not null;`);
    this.addSql(`create index "fill_chain_id_index" on "fill" ("chain_id");`);
    this.addSql(`create index "fill_balance_id_index" on "fill" ("balance_id");`);
    this.addSql(`alter table "fill" add constraint "fill_part_cause_check" check ("part_cause" in ('SHORT_SUPPLY', 'REQUESTED', 'LONG_TERM_CARE_OR_TERMINAL'));`);

    this.addSql(`alter table "patient_fact" add "auto_refill_consent" boolean not null default false, add "auto_refill_consent_version" int not null default 0;`);

    this.addSql(`alter table "prescription" add "prior_prescription_id" uuid null, add "chain_id" uuid null, add "next_quantity" numeric(12,3) null, add "substitute_drug_id" uuid null, add "substitute_daw" int null, add "early_refill_reason" varchar(255) null, add "early_refill_by" varchar(255) null, add "auto_refill" boolean not null default false, add "due_soon_told_for" date null;`);

    this.addSql(`alter table "owed_balance" add constraint "owed_balance_dispensed_check" check (dispensed >= 0 and dispensed <= prescribed);`);
    this.addSql(`alter table "owed_balance" add constraint "owed_balance_status_check" check ("status" in ('OWED', 'COMPLETED', 'VOID'));`);
    this.addSql(`alter table "owed_balance" add constraint "owed_balance_cause_check" check ("cause" in ('SHORT_SUPPLY', 'REQUESTED', 'LONG_TERM_CARE_OR_TERMINAL'));`);

    this.addSql(`alter table "refill_request" add constraint "refill_request_origin_check" check ("origin" in ('PATIENT', 'AUTO', 'STAFF', 'MED_SYNC'));`);
    this.addSql(`alter table "refill_request" add constraint "refill_request_status_check" check ("status" in ('REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY', 'ORDERED', 'DONE', 'RENEWED', 'DECLINED', 'CANCELLED'));`);

  }

}
