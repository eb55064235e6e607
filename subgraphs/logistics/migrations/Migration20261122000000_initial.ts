import { readFileSync } from 'node:fs';
import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(readFileSync(new URL('../geo.sql', import.meta.url), 'utf8'));
    this.addSql(`create table "address" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "sealed" text not null, "state" varchar(2) not null, "country" varchar(2) not null, "deliverability" text not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "address_patient_id_index" on "address" ("patient_id");`);
    this.addSql(`alter table "address" add constraint "address_deliverability_check" check ("deliverability" in ('DELIVERABLE', 'UNCERTAIN', 'UNDELIVERABLE'));`);

    this.addSql(`create table "cancelled_order" ("order_id" uuid not null, "at" timestamptz not null, primary key ("order_id"));`);

    this.addSql(`create table "carrier_event" ("event_id" varchar(255) not null, "shipment_id" uuid not null, "received_at" timestamptz not null, primary key ("event_id"));`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "delivery_attempt" ("id" uuid not null, "shipment_id" uuid not null, "driver_id" uuid not null, "reason" text not null, "sealed" text null, "at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "delivery_attempt_shipment_id_index" on "delivery_attempt" ("shipment_id");`);
    this.addSql(`alter table "delivery_attempt" add constraint "delivery_attempt_reason_check" check ("reason" in ('NOBODY_HOME', 'REFUSED', 'NO_ACCESS', 'WRONG_ADDRESS'));`);

    this.addSql(`create table "depot" ("id" uuid not null, "name" varchar(255) not null, "line1" varchar(255) not null, "city" varchar(255) not null, "state" varchar(2) not null, "postal_code" varchar(255) not null, "latitude" double precision not null, "longitude" double precision not null, "time_zone" varchar(255) not null, primary key ("id"));`);
    this.addSql(`create index depot_point on depot using gist (geo_point(latitude, longitude));`);

    this.addSql(`create table "driver" ("id" uuid not null, "version" int not null default 1, "given" varchar(255) not null, "family" varchar(255) not null, "depot_id" uuid not null, "vehicle_id" uuid not null, "shifts" jsonb not null, "may_carry_controlled" boolean not null, "last_latitude" double precision null, "last_longitude" double precision null, "last_position_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "driver_depot_id_index" on "driver" ("depot_id");`);
    this.addSql(`create index driver_point on driver using gist (geo_point(last_latitude, last_longitude));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "route" ("id" uuid not null, "version" int not null default 1, "date" date not null, "driver_id" uuid not null, "depot_id" uuid not null, "status" text not null, "distance_meters" int not null, "shift_start" timestamptz not null, "shift_end" timestamptz not null, "departs_at" timestamptz not null, "ends_at" timestamptz not null, "latitude" double precision null, "longitude" double precision null, "heading_degrees" double precision null, "speed_kmh" double precision null, "position_at" timestamptz null, "moved_told_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "route_date_index" on "route" ("date");`);
    this.addSql(`create index route_open on route (driver_id, departs_at) where status in ('PLANNED', 'STARTED');`);
    this.addSql(`alter table "route" add constraint "route_status_check" check ("status" in ('PLANNED', 'STARTED', 'COMPLETED', 'CANCELLED'));`);

    this.addSql(`create table "route_position" ("id" bigserial primary key, "route_id" uuid not null, "latitude" double precision not null, "longitude" double precision not null, "at" timestamptz not null);`);
    this.addSql(`create index "route_position_route_id_at_index" on "route_position" ("route_id", "at");`);

    this.addSql(`create table "route_stop" ("id" uuid not null, "route_id" uuid not null, "shipment_id" uuid not null, "sequence" int not null, "estimated_arrival" timestamptz not null, "done" boolean not null, primary key ("id"));`);
    this.addSql(`create index "route_stop_shipment_id_index" on "route_stop" ("shipment_id");`);
    this.addSql(`alter table "route_stop" add constraint "route_stop_route_id_shipment_id_unique" unique ("route_id", "shipment_id");`);

    this.addSql(`create table "shipment" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "patient_id" uuid not null, "address_id" uuid not null, "depot_id" uuid not null, "carrier" varchar(255) not null, "tracking_number" varchar(255) not null, "status" text not null, "reason_code" varchar(255) null, "reason_message" varchar(255) null, "adult_signature" boolean not null, "cold_chain" boolean not null, "parcels" int not null, "driver_id" uuid null, "route_id" uuid null, "estimated_delivery" timestamptz null, "actual_delivery" timestamptz null, "attempts" int not null, "proof_kind" text null, "proof_id_checked" boolean not null, "proof_evidence_hash" varchar(64) null, "proof_sealed" text null, "proof_at" timestamptz null, "scanned_at" timestamptz null, "scan_rank" int not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "shipment" add constraint "shipment_order_id_unique" unique ("order_id");`);
    this.addSql(`create index "shipment_patient_id_index" on "shipment" ("patient_id");`);
    this.addSql(`create index "shipment_tracking_number_index" on "shipment" ("tracking_number");`);
    this.addSql(`create index "shipment_driver_id_index" on "shipment" ("driver_id");`);
    this.addSql(`create index "shipment_route_id_index" on "shipment" ("route_id");`);
    this.addSql(`create index shipment_to_plan on shipment (created_at) where status = 'LABELLED';`);
    this.addSql(`alter table "shipment" add constraint "shipment_status_check" check ("status" in ('CREATED', 'LABELLED', 'ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'HELD_AT_DEPOT', 'RETURNING', 'RETURNED', 'EXCEPTION', 'CANCELLED'));`);
    this.addSql(`alter table "shipment" add constraint "shipment_proof_kind_check" check ("proof_kind" in ('SIGNATURE', 'PHOTO', 'OTP'));`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);

    this.addSql(`create table "vehicle" ("id" uuid not null, "description" varchar(255) not null, "ambient_litres" int not null, "cold_litres" int not null, "cold_minutes" int not null, primary key ("id"));`);
    this.addSql('create sequence tracking_number;');
    for (const sql of outboxNotifySql) this.addSql(sql);
  }

}
