import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';
import { dispenseRecordSql, prescriptionNumberSql } from '../src/entities/sql.ts';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "address_fact" ("address_id" uuid not null, "patient_id" uuid not null, "state" varchar(255) not null, "as_of" timestamptz not null, primary key ("address_id"));`);
    this.addSql(`create index "address_fact_patient_id_index" on "address_fact" ("patient_id");`);

    this.addSql(`create table "cancelled_order" ("order_id" uuid not null, "cancelled_at" timestamptz not null, primary key ("order_id"));`);

    this.addSql(`create table "clinical_alert" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "other_prescription_id" uuid not null, "kind" text not null, "reason_code" varchar(255) not null, "severity" text not null, "finding" varchar(255) not null, "sealed_for" uuid not null, "sealed" text not null, "management" text null, "evidence" text not null, "knowledge_version" varchar(255) not null, "open" boolean not null, "professional_service" varchar(255) null, "result" varchar(255) null, "override_sealed" text null, "overridden_by" varchar(255) null, "overridden_by_id" uuid null, "overridden_at" timestamptz null, "confirmed_by" varchar(255) null, "confirmed_by_id" uuid null, "confirmed_at" timestamptz null, "found_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "clinical_alert_other_prescription_id_index" on "clinical_alert" ("other_prescription_id");`);
    this.addSql(`alter table "clinical_alert" add constraint "clinical_alert_prescription_id_other_prescription_09ec9_unique" unique ("prescription_id", "other_prescription_id", "kind", "finding");`);
    this.addSql(`alter table "clinical_alert" add constraint "clinical_alert_kind_check" check ("kind" in ('DRUG_DRUG', 'DUPLICATE_THERAPY', 'EARLY_REFILL', 'LATE_REFILL', 'PATIENT'));`);
    this.addSql(`alter table "clinical_alert" add constraint "clinical_alert_severity_check" check ("severity" in ('CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'));`);

    this.addSql(`create table "clinical_profile_fact" ("patient_id" uuid not null, "version" int not null, "sealed" text not null, primary key ("patient_id"));`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "dispense_record" ("fill_id" uuid not null, "prescription_id" uuid not null, "record" text not null, "hash" varchar(255) not null, "at" timestamptz not null, primary key ("fill_id"));`);
    this.addSql(`create index "dispense_record_prescription_id_index" on "dispense_record" ("prescription_id");`);

    this.addSql(`create table "drug_fact" ("drug_id" uuid not null, "version" int not null, "ndc" varchar(255) not null, "ndc12" varchar(255) not null, "name" varchar(255) not null, "generic_name" varchar(255) not null, "ingredients" jsonb not null, "dosage_form" varchar(255) not null, "dea_schedule" text not null, "rx_only" boolean not null, "pharmacologic_class" varchar(255) null, "dispensing_unit" varchar(255) not null, "match_key" varchar(255) not null, primary key ("drug_id"));`);
    this.addSql(`alter table "drug_fact" add constraint "drug_fact_ndc12_unique" unique ("ndc12");`);
    this.addSql(`create index "drug_fact_match_key_index" on "drug_fact" ("match_key");`);
    this.addSql(`alter table "drug_fact" add constraint "drug_fact_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);

    this.addSql(`create table "fill" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "patient_id" uuid not null, "drug_id" uuid not null, "order_id" uuid not null, "order_line_id" uuid not null, "number" int not null, "status" text not null, "status_reason_code" varchar(255) null, "status_reason_message" text null, "next_eligible_at" date null, "quantity" numeric(12,3) not null, "days_supply" int null, "destination_state" varchar(255) null, "lots" jsonb not null, "fillers" text[] not null, "filled_by" varchar(255) null, "filled_by_role" varchar(255) null, "checked_by" varchar(255) null, "released_by" varchar(255) null, "requested_at" timestamptz not null, "released_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "fill_prescription_id_index" on "fill" ("prescription_id");`);
    this.addSql(`create index "fill_order_id_index" on "fill" ("order_id");`);
    this.addSql(`alter table "fill" add constraint "fill_order_line_id_unique" unique ("order_line_id");`);
    this.addSql(`alter table "fill" add constraint "fill_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "fill" add constraint "fill_status_check" check ("status" in ('REQUESTED', 'SCREENING', 'BLOCKED', 'RESERVED', 'FILLING', 'PRODUCT_CHECK', 'PACKED', 'RELEASED', 'HANDED_OVER', 'COMPLETED', 'CANCELLED', 'RETURNED_TO_STOCK', 'RETURNED_WASTE'));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "intake_message" ("id" uuid not null, "key" varchar(255) not null, "body_hash" varchar(255) not null, "prescription_id" uuid null, "sealed_for" uuid null, "sealed" text null, "answer_status" int not null, "answer" text not null, "received_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "intake_message" add constraint "intake_message_key_unique" unique ("key");`);
    this.addSql(`create index "intake_message_prescription_id_index" on "intake_message" ("prescription_id");`);

    this.addSql(`create table "interaction_fact" ("interaction_id" varchar(255) not null, "knowledge_version" varchar(255) not null, "a_members" text[] not null, "b_members" text[] not null, "severity" text not null, "effect" text not null, "management" text not null, "evidence" text not null, "as_of" timestamptz not null, primary key ("interaction_id"));`);
    this.addSql(`alter table "interaction_fact" add constraint "interaction_fact_severity_check" check ("severity" in ('CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "patient_fact" ("patient_id" uuid not null, "registered" boolean not null, "as_of" timestamptz null, "dispensing_consent" boolean not null, "consent_version" int not null, primary key ("patient_id"));`);

    this.addSql(`create table "patient_token" ("patient_id" uuid not null, "kind" varchar(255) not null, "token" varchar(255) not null, primary key ("patient_id", "kind", "token"));`);
    this.addSql(`create index "patient_token_token_index" on "patient_token" ("token");`);

    this.addSql(`create table "pdmp_query" ("id" uuid not null, "prescription_id" uuid not null, "state" varchar(255) not null, "asked_at" timestamptz not null, "sealed_for" uuid not null, "sealed" text not null, primary key ("id"));`);
    this.addSql(`create index "pdmp_query_prescription_id_index" on "pdmp_query" ("prescription_id");`);

    this.addSql(`create table "pdmp_report" ("fill_id" uuid not null, "state" varchar(255) not null, "due_day" date not null, "rule" varchar(255) not null, "reported_at" timestamptz not null, primary key ("fill_id"));`);

    this.addSql(`create table "practitioner_fact" ("practitioner_id" uuid not null, "npi" varchar(255) not null, "dea_number" varchar(255) null, "active" boolean not null, "licence_states" text[] not null, "schedule_authority" text[] not null, "as_of" timestamptz not null, primary key ("practitioner_id"));`);
    this.addSql(`alter table "practitioner_fact" add constraint "practitioner_fact_npi_unique" unique ("npi");`);

    this.addSql(`create table "prescription" ("id" uuid not null, "version" int not null default 1, "number" varchar(255) not null, "status" text not null, "status_reason_code" varchar(255) null, "status_reason_sealed" text null, "patient_id" uuid null, "practitioner_id" uuid null, "drug_id" uuid null, "dea_schedule" text not null, "source" text not null, "sealed_for" uuid not null, "sealed" text not null, "content_hash" varchar(255) not null, "match_tokens" text[] not null, "prescriber_npi" varchar(255) not null, "external_key" varchar(255) not null, "message_id" varchar(255) null, "prescriber_order_number" varchar(255) null, "quantity" numeric(12,3) not null, "days_supply" int null, "refills_authorized" int not null, "fills_released" int not null default 0, "daw" int not null, "issue_date" date not null, "earliest_fill_date" date null, "expiry_date" date not null, "expiry_rule" varchar(255) not null, "evaluation_basis" text not null, "patient_state" varchar(255) null, "resume_on" date null, "supply_until" date null, "submitted_by" varchar(255) not null, "entered_by" varchar(255) null, "verified_by" varchar(255) null, "verifier_id" uuid null, "verified_at" timestamptz null, "second_factor_at" timestamptz null, "received_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "prescription" add constraint "prescription_number_unique" unique ("number");`);
    this.addSql(`create index "prescription_practitioner_id_index" on "prescription" ("practitioner_id");`);
    this.addSql(`create index "prescription_content_hash_index" on "prescription" ("content_hash");`);
    this.addSql(`alter table "prescription" add constraint "prescription_external_key_unique" unique ("external_key");`);
    this.addSql(`create index "prescription_prescriber_order_number_index" on "prescription" ("prescriber_order_number");`);
    this.addSql(`create index "prescription_patient_id_status_index" on "prescription" ("patient_id", "status");`);
    this.addSql(`create index "prescription_status_expiry_date_index" on "prescription" ("status", "expiry_date");`);
    this.addSql(`create index prescription_match_tokens on prescription using gin (match_tokens);`);
    this.addSql(`alter table "prescription" add constraint "prescription_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "prescription" add constraint "prescription_refills_authorized_check" check (refills_authorized >= 0);`);
    this.addSql(`alter table "prescription" add constraint "prescription_fills_released_check" check (fills_released >= 0 and fills_released <= refills_authorized + 1);`);
    this.addSql(`alter table "prescription" add constraint "prescription_status_check" check ("status" in ('RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION', 'VERIFIED', 'ON_HOLD', 'DEPLETED', 'EXPIRED', 'DISCONTINUED', 'TRANSFERRED_OUT', 'REJECTED', 'CANCELLED', 'DUPLICATE'));`);
    this.addSql(`alter table "prescription" add constraint "prescription_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);
    this.addSql(`alter table "prescription" add constraint "prescription_source_check" check ("source" in ('NCPDP_SCRIPT', 'FHIR', 'PORTAL', 'UPLOAD'));`);
    this.addSql(`alter table "prescription" add constraint "prescription_evaluation_basis_check" check ("evaluation_basis" in ('IN_PERSON', 'TELEMED_TEMP_RULE', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'));`);

    this.addSql(`create table "prescription_transfer" ("prescription_id" uuid not null, "pharmacy_name" varchar(255) not null, "pharmacy_dea" varchar(255) null, "pharmacist_name" varchar(255) not null, "transferred_by" varchar(255) not null, "transferred_by_id" uuid null, "refills_remaining" int not null, "asked_by_patient" boolean not null, "rule" varchar(255) null, "at" timestamptz not null, primary key ("prescription_id"));`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);

    this.addSql(`create table "work_item" ("id" uuid not null, "version" int not null default 1, "queue" text not null, "status" text not null, "priority" int not null, "due_at" timestamptz not null, "created_at" timestamptz not null, "claimed_by" varchar(255) null, "claimed_by_role" varchar(255) null, "lease_until" timestamptz null, "token" int not null default 0, "attempt" int not null default 0, "prescription_id" uuid null, "fill_id" uuid null, "excluded" text[] not null, primary key ("id"));`);
    this.addSql(`create index "work_item_prescription_id_index" on "work_item" ("prescription_id");`);
    this.addSql(`create index "work_item_fill_id_index" on "work_item" ("fill_id");`);
    this.addSql(`create index work_item_turn on work_item (queue, priority, due_at, created_at, id) where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED');`);
    this.addSql(`create unique index work_item_one_claim on work_item (queue, claimed_by) where status = 'CLAIMED';`);
    this.addSql(`create unique index work_item_one_per_prescription on work_item (queue, prescription_id) where fill_id is null and status in ('AVAILABLE', 'CLAIMED', 'ESCALATED');`);
    this.addSql(`create unique index work_item_one_per_fill on work_item (queue, fill_id) where status in ('AVAILABLE', 'CLAIMED', 'ESCALATED');`);
    this.addSql(`alter table "work_item" add constraint "work_item_queue_check" check ("queue" in ('DATA_ENTRY', 'VERIFICATION', 'FILL', 'PRODUCT_CHECK'));`);
    this.addSql(`alter table "work_item" add constraint "work_item_status_check" check ("status" in ('AVAILABLE', 'CLAIMED', 'DONE', 'ESCALATED', 'WITHDRAWN'));`);
    for (const sql of [prescriptionNumberSql, ...dispenseRecordSql, ...outboxNotifySql]) this.addSql(sql);
  }

}
