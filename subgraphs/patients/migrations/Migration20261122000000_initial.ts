import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "allergy" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "substance_index" varchar(255) not null, "sealed" text not null, "severity" text not null, "recorded_at" timestamptz not null, "ended_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "allergy" add constraint "allergy_patient_id_substance_index_unique" unique ("patient_id", "substance_index");`);
    this.addSql(`alter table "allergy" add constraint "allergy_severity_check" check ("severity" in ('MILD', 'MODERATE', 'SEVERE', 'UNKNOWN'));`);

    this.addSql(`create table "condition" ("id" uuid not null, "patient_id" uuid not null, "code_index" varchar(255) not null, "sealed" text not null, "ended_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "condition" add constraint "condition_patient_id_code_index_unique" unique ("patient_id", "code_index");`);

    this.addSql(`create table "consent" ("id" uuid not null, "patient_id" uuid not null, "purpose" text not null, "version" int not null, "granted" boolean not null, "policy_version" varchar(255) not null, "actor" varchar(255) not null, "at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "consent" add constraint "consent_patient_id_purpose_version_unique" unique ("patient_id", "purpose", "version");`);
    this.addSql(`alter table "consent" add constraint "consent_purpose_check" check ("purpose" in ('DISPENSING', 'NOTIFICATIONS', 'AUTO_REFILL', 'EXCHANGE'));`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "delegation" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "subject" varchar(255) null, "relationship" varchar(255) not null, "scopes" text[] not null, "status" text not null, "sealed" text not null, "code_index" varchar(255) null, "expires_at" timestamptz null, "since" timestamptz null, "announced" int not null, primary key ("id"));`);
    this.addSql(`create index "delegation_patient_id_index" on "delegation" ("patient_id");`);
    this.addSql(`create index "delegation_subject_index" on "delegation" ("subject");`);
    this.addSql(`alter table "delegation" add constraint "delegation_code_index_unique" unique ("code_index");`);
    this.addSql(`create unique index delegation_in_force on delegation (patient_id, subject) where status = 'ACTIVE';`);
    this.addSql(`alter table "delegation" add constraint "delegation_status_check" check ("status" in ('INVITED', 'ACTIVE', 'REVOKED'));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "insurance_policy" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "member_index" varchar(255) not null, "sealed" text not null, "bin" varchar(255) null, "pcn" varchar(255) null, "relationship" text not null, "ended_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "insurance_policy" add constraint "insurance_policy_patient_id_member_index_unique" unique ("patient_id", "member_index");`);
    this.addSql(`alter table "insurance_policy" add constraint "insurance_policy_relationship_check" check ("relationship" in ('CARDHOLDER', 'SPOUSE', 'CHILD', 'OTHER'));`);

    this.addSql(`create table "licence" ("id" uuid not null, "version" int not null default 1, "practitioner_id" uuid not null, "number" varchar(255) not null, "state" varchar(2) not null, "status" text not null, "expires_on" date not null, "checked_at" timestamptz null, "check_due_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "licence_practitioner_id_index" on "licence" ("practitioner_id");`);
    this.addSql(`create index "licence_check_due_at_index" on "licence" ("check_due_at");`);
    this.addSql(`alter table "licence" add constraint "licence_number_state_unique" unique ("number", "state");`);
    this.addSql(`alter table "licence" add constraint "licence_status_check" check ("status" in ('ACTIVE', 'EXPIRED', 'SUSPENDED', 'REVOKED'));`);

    this.addSql(`create table "message" ("id" uuid not null, "thread_id" uuid not null, "patient_id" uuid not null, "author_subject" varchar(255) not null, "author_role" varchar(255) not null, "sealed" text not null, "at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "message_thread_id_index" on "message" ("thread_id");`);

    this.addSql(`create table "message_thread" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "prescription_id" uuid null, "last_message_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "message_thread_patient_id_index" on "message_thread" ("patient_id");`);

    this.addSql(`create table "notification" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "template" text not null, "reference" uuid not null, "channel" text not null, "status" text not null, "due_at" timestamptz not null, "attempts" int not null, "created_at" timestamptz not null, "sent_at" timestamptz null, "reason" text null, primary key ("id"));`);
    this.addSql(`create index "notification_patient_id_id_index" on "notification" ("patient_id", "id");`);
    this.addSql(`create index notification_due on notification (due_at) where status = 'QUEUED';`);
    this.addSql(`alter table "notification" add constraint "notification_template_check" check ("template" in ('PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE'));`);
    this.addSql(`alter table "notification" add constraint "notification_channel_check" check ("channel" in ('EMAIL', 'SMS'));`);
    this.addSql(`alter table "notification" add constraint "notification_status_check" check ("status" in ('QUEUED', 'SENT', 'DROPPED', 'FAILED'));`);
    this.addSql(`alter table "notification" add constraint "notification_reason_check" check ("reason" in ('NO_CONSENT', 'CONSENT_WITHDRAWN', 'ERASED', 'DELIVERY_FAILED'));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "patient" ("id" uuid not null, "version" int not null default 1, "sealed" text not null, "preferred_language" varchar(255) not null, "channels" text[] not null, "quiet_from" varchar(5) null, "quiet_to" varchar(5) null, "time_zone" varchar(255) not null, "profile_version" int not null, "registered_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "patient" add constraint "patient_quiet_hours_check" check ((quiet_from is null) = (quiet_to is null));`);

    this.addSql(`create table "patient_token" ("patient_id" uuid not null, "kind" varchar(255) not null, "token" varchar(255) not null, primary key ("patient_id", "kind"));`);
    this.addSql(`create index "patient_token_kind_token_index" on "patient_token" ("kind", "token");`);

    this.addSql(`create table "practitioner" ("id" uuid not null, "version" int not null default 1, "given" varchar(255) not null, "family" varchar(255) not null, "npi" varchar(10) not null, "dea_number" varchar(255) null, "specialty" varchar(255) not null, "schedule_authority" text[] not null, "phone" varchar(255) not null, "clinic" varchar(255) null, "registered_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "practitioner" add constraint "practitioner_npi_unique" unique ("npi");`);
    this.addSql(`alter table "practitioner" add constraint "practitioner_dea_number_unique" unique ("dea_number");`);

    this.addSql(`create table "prescription_fact" ("prescription_id" uuid not null, "patient_id" uuid null, "practitioner_id" uuid null, primary key ("prescription_id"));`);
    this.addSql(`create index "prescription_fact_practitioner_id_index" on "prescription_fact" ("practitioner_id");`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);
    // what was consented to, and when, must stay provable (GDPR 7(1)): rows are added, never changed
    this.addSql(`create function consent_is_append_only() returns trigger language plpgsql as $$ begin raise exception 'consent rows are append-only'; end $$;`);
    this.addSql(`create trigger consent_is_append_only before update or delete on consent for each row execute function consent_is_append_only();`);
    for (const sql of outboxNotifySql) this.addSql(sql);
  }

}
