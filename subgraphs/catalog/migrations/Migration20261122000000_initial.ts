import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql('create extension if not exists pg_trgm;');
    this.addSql(`create table "approved_product" ("application_number" varchar(255) not null, "product_number" varchar(255) not null, "application_type" varchar(255) not null, "sponsor" text not null, "name" text not null, "active_ingredient" text not null, "dosage_form" text not null, "route" text not null, "strength" text not null, "strength_key" text not null, "marketing_status" varchar(255) not null, "te_code" varchar(255) null, "reference_drug" boolean not null, "fingerprint" varchar(255) not null, "withdrawn_at" timestamptz null, primary key ("application_number", "product_number"));`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "directory_package" ("product_id" varchar(255) not null, "ndc" varchar(255) not null, "ndc12" varchar(12) not null, "ndc10" varchar(10) null, "gtin" varchar(14) null, "description" text not null, "size" numeric(18,6) null, "unit" text null, "sample" boolean not null, "excluded" boolean not null, "marketing_start" date null, "marketing_end" date null, "fingerprint" varchar(255) not null, "withdrawn_at" timestamptz null, primary key ("product_id", "ndc"));`);
    this.addSql(`create index "directory_package_ndc12_index" on "directory_package" ("ndc12");`);
    this.addSql(`create index "directory_package_ndc10_index" on "directory_package" ("ndc10");`);
    this.addSql(`create index directory_package_ndc on directory_package (ndc collate "C");`);

    this.addSql(`create table "directory_product" ("id" varchar(255) not null, "list" text not null, "product_ndc" varchar(255) not null, "product_ndc10" varchar(10) not null, "product_type" text not null, "name" text not null, "name_key" text not null, "generic_name" text null, "labeler" text not null, "dosage_form" text not null, "routes" text[] not null, "strength" text not null, "strength_key" text not null, "substances" jsonb not null, "ingredient_names" text[] not null, "classes" text[] not null, "dea_schedule" text not null, "marketing_category" text not null, "application_number" varchar(255) null, "marketing_start" date null, "marketing_end" date null, "certified_through" date null, "excluded" boolean not null, "therapeutic_equivalence" varchar(255) null, "fingerprint" varchar(255) not null, "withdrawn_at" timestamptz null, "search" tsvector not null, primary key ("id"));`);
    this.addSql(`create index "directory_product_product_ndc10_index" on "directory_product" ("product_ndc10");`);
    this.addSql(`create index directory_product_search on directory_product using gin (search);`);
    this.addSql(`create index directory_product_name_key on directory_product (name_key collate "C", id);`);
    this.addSql(`create index "directory_product_application" on "directory_product" ("application_number");`);
    this.addSql(`alter table "directory_product" add constraint "directory_product_list_check" check ("list" in ('FINISHED', 'UNFINISHED'));`);
    this.addSql(`alter table "directory_product" add constraint "directory_product_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);

    this.addSql(`create table "drug" ("id" uuid not null, "version" int not null default 1, "ndc" varchar(255) not null, "ndc11" varchar(255) not null, "ndc12" varchar(255) not null, "ndc10" varchar(255) not null, "gtin" varchar(255) not null, "name" text not null, "generic_name" text not null, "manufacturer" text not null, "description" text not null, "ingredients" jsonb not null, "ingredient_names" text[] not null, "strength" text not null, "dosage_form" text not null, "route" text not null, "dea_schedule" text not null, "rx_only" boolean not null, "package_size" numeric(12,3) not null, "dispensing_unit" varchar(255) not null, "package_description" text not null, "pharmacologic_class" text null, "therapeutic_equivalence" varchar(255) null, "storage_class" text not null, "side_effects" jsonb not null, "equivalence_key" varchar(255) not null, "price_minor" int not null, "currency" varchar(3) not null, "price_since" timestamptz not null, "price_note" varchar(255) null, "name_key" text not null, "search" tsvector not null, primary key ("id"));`);
    this.addSql(`alter table "drug" add constraint "drug_ndc_unique" unique ("ndc");`);
    this.addSql(`alter table "drug" add constraint "drug_ndc11_unique" unique ("ndc11");`);
    this.addSql(`alter table "drug" add constraint "drug_ndc12_unique" unique ("ndc12");`);
    this.addSql(`alter table "drug" add constraint "drug_ndc10_unique" unique ("ndc10");`);
    this.addSql(`alter table "drug" add constraint "drug_gtin_unique" unique ("gtin");`);
    this.addSql(`create index "drug_equivalence_key_index" on "drug" ("equivalence_key");`);
    this.addSql(`create index drug_search on drug using gin (search) with (fastupdate = off);`);
    this.addSql(`create index drug_name_key on drug (name_key collate "C", id);`);
    this.addSql(`create index drug_ndc_beginning on drug (ndc collate "C");`);
    this.addSql(`alter table "drug" add constraint "drug_price_minor_check" check (price_minor > 0);`);
    this.addSql(`alter table "drug" add constraint "drug_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);
    this.addSql(`alter table "drug" add constraint "drug_storage_class_check" check ("storage_class" in ('FROZEN', 'REFRIGERATED', 'COOL', 'CRT'));`);

    this.addSql(`create table "drug_price" ("id" uuid not null, "drug_id" uuid not null, "amount_minor" int not null, "currency" varchar(3) not null, "effective_from" timestamptz not null, "note" varchar(255) null, "set_by" varchar(255) not null, "set_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "drug_price_effective_from_index" on "drug_price" ("effective_from");`);
    this.addSql(`alter table "drug_price" add constraint "drug_price_drug_id_effective_from_unique" unique ("drug_id", "effective_from");`);
    this.addSql(`alter table "drug_price" add constraint "drug_price_amount_minor_check" check (amount_minor > 0);`);

    this.addSql(`create table "import_remark" ("id" uuid not null, "run_id" uuid not null, "line" int not null, "refused" boolean not null, "code" varchar(255) not null, "message" text not null, "record" text null, primary key ("id"));`);
    this.addSql(`create index "import_remark_run_id_id_index" on "import_remark" ("run_id", "id");`);

    this.addSql(`create table "import_run" ("id" uuid not null, "source" varchar(255) not null, "file_name" varchar(255) not null, "digest" varchar(255) not null, "status" text not null, "started_at" timestamptz not null, "finished_at" timestamptz null, "byte_offset" bigint not null, "line" int not null, "records_read" int not null, "inserted" int not null, "updated" int not null, "unchanged" int not null, "refused" int not null, "withdrawn" int not null, primary key ("id"));`);
    this.addSql(`create index "import_run_source_id_index" on "import_run" ("source", "id");`);
    this.addSql(`alter table "import_run" add constraint "import_run_status_check" check ("status" in ('RUNNING', 'DONE', 'INTERRUPTED', 'FAILED', 'ABANDONED'));`);

    this.addSql(`create table "import_seen" ("run_id" uuid not null, "key" varchar(600) not null, primary key ("run_id", "key"));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "ingredient" ("name" varchar(255) not null, "rxcui" varchar(255) null, primary key ("name"));`);
    this.addSql(`create index ingredient_name on ingredient (name collate "C");`);

    this.addSql(`create table "ingredient_class" ("ingredient" varchar(255) not null, "class_name" varchar(255) not null, primary key ("ingredient", "class_name"));`);
    this.addSql(`create index "ingredient_class_class_name_index" on "ingredient_class" ("class_name");`);

    this.addSql(`create table "interaction" ("seq" bigserial primary key, "id" varchar(255) not null, "source" varchar(255) not null, "since" int not null, "until" int null, "a_name" varchar(255) not null, "a_members" text[] not null, "a_class" varchar(255) null, "b_name" varchar(255) not null, "b_members" text[] not null, "b_class" varchar(255) null, "severity" text not null, "mechanism" text not null, "effect" text not null, "management" text not null, "evidence" text not null, "knowledge_version" varchar(255) not null, "patient_text" text not null, "fingerprint" varchar(255) not null);`);
    this.addSql(`create unique index interaction_current on interaction (id) where until is null;`);
    this.addSql(`alter table "interaction" add constraint "interaction_severity_check" check ("severity" in ('CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'));`);

    this.addSql(`create table "interaction_draft" ("run_id" uuid not null, "id" varchar(255) not null, "rank" smallint not null, "fingerprint" varchar(255) not null, "content" jsonb not null, primary key ("run_id", "id"));`);

    this.addSql(`create table "interaction_pair" ("term" varchar(255) not null, "other" varchar(255) not null, "interaction" bigint not null, "rank" smallint not null, primary key ("term", "other", "interaction"));`);
    this.addSql(`create index "interaction_pair_term_rank_interaction_index" on "interaction_pair" ("term", "rank", "interaction");`);
    this.addSql(`create index "interaction_pair_interaction_index" on "interaction_pair" ("interaction");`);

    this.addSql(`create table "interaction_told" ("id" varchar(255) not null, "digest" varchar(255) not null, primary key ("id"));`);

    this.addSql(`create table "knowledge_release" ("number" serial primary key, "source" varchar(255) not null, "version" varchar(255) not null, "published_at" timestamptz not null, "added" int not null, "changed" int not null, "retired" int not null);`);
    this.addSql(`alter table "knowledge_release" add constraint "knowledge_release_source_version_unique" unique ("source", "version");`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "search_word" ("scope" text not null, "word" varchar(2000) not null, "documents" int not null, primary key ("scope", "word"));`);
    this.addSql(`create index search_word_beginning on search_word (scope, word collate "C");`);
    this.addSql(`create index search_word_neighbours on search_word using gist (word gist_trgm_ops);`);
    this.addSql(`alter table "search_word" add constraint "search_word_scope_check" check ("scope" in ('drug', 'directory_product'));`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);
    for (const sql of outboxNotifySql) this.addSql(sql);
  }

}
