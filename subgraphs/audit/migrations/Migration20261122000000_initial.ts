import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "anchor" ("sequence" bigint not null, "hash" varchar(64) not null, "at" timestamptz not null, primary key ("sequence"));`);

    this.addSql(`create table "audit_entry" ("id" uuid not null, "sequence" bigint not null, "at" timestamptz(3) not null, "type" varchar(255) not null, "source" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "subjects" text[] not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "data" jsonb not null, "hash" varchar(64) not null, "previous_hash" varchar(64) not null, primary key ("id"));`);
    this.addSql(`alter table "audit_entry" add constraint "audit_entry_sequence_unique" unique ("sequence");`);
    this.addSql(`create index audit_entry_subjects on audit_entry using gin (subjects);`);
    this.addSql(`create index "audit_entry_actor_sequence_index" on "audit_entry" ("actor", "sequence");`);
    this.addSql(`create index "audit_entry_correlation_id_sequence_index" on "audit_entry" ("correlation_id", "sequence");`);
    this.addSql(`create index "audit_entry_type_sequence_index" on "audit_entry" ("type", "sequence");`);
    this.addSql(`create index "audit_entry_at_index" on "audit_entry" ("at");`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);
    for (const sql of outboxNotifySql) this.addSql(sql);

    // the trail is written once, whoever holds the pen
    this.addSql(`create function refuse_change() returns trigger language plpgsql as $$ begin raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation'; end $$`);
    this.addSql(`create trigger audit_entry_append_only before update or delete or truncate on audit_entry for each statement execute function refuse_change()`);
    this.addSql(`create trigger anchor_append_only before update or delete or truncate on anchor for each statement execute function refuse_change()`);
  }

}
