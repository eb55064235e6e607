import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql('create extension if not exists pg_trgm;');
    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "drug" ("id" uuid not null, "version" int not null default 1, "ndc" varchar(255) not null, "ndc11" varchar(255) not null, "ndc12" varchar(255) not null, "gtin" varchar(255) not null, "name" varchar(255) not null, "generic_name" varchar(255) not null, "manufacturer" varchar(255) not null, "description" text not null, "ingredients" jsonb not null, "dosage_form" varchar(255) not null, "route" varchar(255) not null, "dea_schedule" text not null, "rx_only" boolean not null, "package_size" numeric(12,3) not null, "dispensing_unit" varchar(255) not null, "package_description" varchar(255) not null, "pharmacologic_class" varchar(255) null, "therapeutic_equivalence" varchar(255) null, "storage_class" text not null, "side_effects" jsonb not null, "equivalence_key" varchar(255) not null, "price_minor" int not null, "currency" varchar(3) not null, "price_since" timestamptz not null, "price_note" varchar(255) null, "search_text" text not null, "search" tsvector not null, primary key ("id"));`);
    this.addSql(`alter table "drug" add constraint "drug_ndc_unique" unique ("ndc");`);
    this.addSql(`alter table "drug" add constraint "drug_ndc11_unique" unique ("ndc11");`);
    this.addSql(`alter table "drug" add constraint "drug_ndc12_unique" unique ("ndc12");`);
    this.addSql(`alter table "drug" add constraint "drug_gtin_unique" unique ("gtin");`);
    this.addSql(`create index "drug_equivalence_key_index" on "drug" ("equivalence_key");`);
    this.addSql(`create index drug_search on drug using gin (search);`);
    this.addSql(`create index drug_search_trigrams on drug using gin (search_text gin_trgm_ops);`);
    this.addSql(`alter table "drug" add constraint "drug_price_minor_check" check (price_minor > 0);`);
    this.addSql(`alter table "drug" add constraint "drug_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);
    this.addSql(`alter table "drug" add constraint "drug_storage_class_check" check ("storage_class" in ('FROZEN', 'REFRIGERATED', 'COOL', 'CRT'));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "interaction" ("id" varchar(255) not null, "a_name" varchar(255) not null, "a_members" text[] not null, "b_name" varchar(255) not null, "b_members" text[] not null, "severity" text not null, "mechanism" text not null, "effect" text not null, "management" text not null, "evidence" text not null, "knowledge_version" varchar(255) not null, "patient_text" text not null, primary key ("id"));`);
    this.addSql(`alter table "interaction" add constraint "interaction_severity_check" check ("severity" in ('CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);
    for (const sql of outboxNotifySql) this.addSql(sql);
  }

}
