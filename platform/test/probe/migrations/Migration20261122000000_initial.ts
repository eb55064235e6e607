import { Migration } from '@mikro-orm/migrations'
import { outboxNotifySql } from '@pharmagraph/platform'

export class Migration20261122000000_initial extends Migration {
  override name = 'Migration20261122000000_initial'

  override up(): void {
    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`)
    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`)
    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`)
    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`)
    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`)
    this.addSql(`create table seen (id bigserial primary key, hash text not null, sequence int not null);`)
    for (const sql of outboxNotifySql) this.addSql(sql)
  }
}
