import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "drug_fact" ("id" uuid not null, "drug_version" int not null, "ndc" varchar(255) not null, "package_size" numeric(12,3) not null, "dea_schedule" varchar(255) not null, "storage_class" varchar(255) not null, "gtin_body" varchar(12) null, primary key ("id"));`);
    this.addSql(`create index "drug_fact_gtin_body_index" on "drug_fact" ("gtin_body");`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "location" ("id" uuid not null, "name" varchar(255) not null, "city" varchar(255) not null, "state" varchar(2) not null, "serves_states" text[] not null, primary key ("id"));`);

    this.addSql(`create table "lot" ("id" uuid not null, "version" int not null default 1, "drug_id" uuid not null, "ndc" varchar(255) not null, "batch_number" varchar(255) not null, "expiry_date" date not null, "quantity_on_hand" numeric(12,3) not null, "quantity_reserved" numeric(12,3) not null, "location_id" uuid not null, "status" text not null, "status_by" varchar(255) not null, "received_at" timestamptz not null, "bin" varchar(20) null, primary key ("id"));`);
    this.addSql(`create index "lot_batch_number_index" on "lot" ("batch_number");`);
    this.addSql(`create index "lot_location_id_status_index" on "lot" ("location_id", "status");`);
    this.addSql(`create index lot_fefo on lot (drug_id, expiry_date, id) where status = 'AVAILABLE';`);
    this.addSql(`alter table "lot" add constraint "lot_drug_id_batch_number_location_id_unique" unique ("drug_id", "batch_number", "location_id");`);
    this.addSql(`alter table "lot" add constraint "lot_on_hand_not_negative" check (quantity_on_hand >= 0);`);
    this.addSql(`alter table "lot" add constraint "lot_reserved_within_on_hand" check (quantity_reserved >= 0 and quantity_reserved <= quantity_on_hand);`);
    this.addSql(`alter table "lot" add constraint "lot_status_check" check ("status" in ('RECEIVING', 'QUARANTINE', 'AVAILABLE', 'ON_HOLD', 'RECALLED', 'EXPIRED', 'DAMAGED', 'DESTROYED', 'RETURNED_TO_SUPPLIER'));`);

    this.addSql(`create table "loss_case" ("id" uuid not null, "version" int not null default 1, "lot_id" uuid not null, "drug_id" uuid not null, "dea_schedule" varchar(255) not null, "quantity" numeric(12,3) not null, "status" text not null, "discovered_on" date not null, "notice_due_on" date not null, "report_due_on" date not null, "noticed_at" timestamptz null, "reported_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "loss_case_status_notice_due_on_index" on "loss_case" ("status", "notice_due_on");`);
    this.addSql(`alter table "loss_case" add constraint "loss_case_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "loss_case" add constraint "loss_case_status_check" check ("status" in ('OPEN', 'NOTIFIED', 'REPORTED'));`);

    this.addSql(`create table "ledger_entry" ("id" uuid not null, "lot_id" uuid not null, "type" text not null, "delta" numeric(12,3) not null, "reserved_delta" numeric(12,3) not null, "reason" text null, "reference" varchar(255) null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "ledger_entry_lot_id_id_index" on "ledger_entry" ("lot_id", "id");`);
    this.addSql(`create index ledger_entry_demand on ledger_entry (at) where type = 'COMMIT';`);
    this.addSql(`create unique index ledger_entry_receipt_once on ledger_entry (lot_id, reference) where type = 'RECEIPT';`);
    this.addSql(`create unique index ledger_entry_adjust_once on ledger_entry (reference) where type in ('ADJUST', 'COUNT');`);
    this.addSql(`alter table "ledger_entry" add constraint "ledger_entry_type_check" check ("type" in ('RECEIPT', 'HOLD', 'RELEASE', 'COMMIT', 'ADJUST', 'COUNT', 'QUARANTINE', 'RECALL', 'TRANSFER_IN', 'TRANSFER_OUT', 'RETURN', 'DESTROY'));`);

    this.addSql(`create table "dispense_record" ("id" uuid not null, "fill_id" uuid null, "order_id" uuid not null, "order_line_id" uuid not null, "patient_id" uuid not null, "drug_id" uuid not null, "lot_id" uuid not null, "ndc" varchar(255) not null, "batch_number" varchar(255) not null, "expiry_date" date not null, "serial_number" varchar(255) null, "quantity" numeric(12,3) not null, "released_by" varchar(255) not null, "fill_record_hash" varchar(255) null, "released_at" timestamptz not null, "hash" varchar(255) not null, primary key ("id"));`);
    this.addSql(`create index "dispense_record_order_id_index" on "dispense_record" ("order_id");`);
    this.addSql(`create index "dispense_record_lot_id_id_index" on "dispense_record" ("lot_id", "id");`);
    this.addSql(`alter table "dispense_record" add constraint "dispense_record_order_line_id_lot_id_unique" unique ("order_line_id", "lot_id");`);
    this.addSql(`alter table "dispense_record" add constraint "dispense_record_quantity_check" check (quantity > 0);`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "policy" ("name" text not null, "effective_from" date not null, "value" int not null, "source" text not null, primary key ("name", "effective_from"));`);
    this.addSql(`alter table "policy" add constraint "policy_value_check" check (value >= 0);`);
    this.addSql(`alter table "policy" add constraint "policy_name_check" check ("name" in ('MINIMUM_DATING_DAYS', 'DEFAULT_DAYS_SUPPLY', 'SINGLE_LOT_WINDOW_DAYS', 'MAX_LOTS_PER_LINE', 'HOLD_DAYS', 'MAX_HOLD_DAYS', 'LOW_STOCK_PACKAGES', 'DEMAND_WINDOW_DAYS', 'LEAD_TIME_DAYS', 'LEAD_TIME_SD_DAYS', 'SERVICE_Z_HUNDREDTHS', 'TARGET_COVER_DAYS', 'ORDER_COST_MINOR', 'HOLDING_COST_MINOR_PER_YEAR'));`);

    this.addSql(`create table "recall" ("id" uuid not null, "version" int not null default 1, "reference" varchar(255) not null, "ndc12s" text[] not null, "lot_numbers" text[] not null, "recall_class" text not null, "reason" text not null, "source_text" text null, "status" text not null, "opened_by" varchar(255) not null, "opened_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "recall" add constraint "recall_reference_unique" unique ("reference");`);
    this.addSql(`alter table "recall" add constraint "recall_recall_class_check" check ("recall_class" in ('I', 'II', 'III'));`);
    this.addSql(`alter table "recall" add constraint "recall_status_check" check ("status" in ('OPEN', 'CLOSED'));`);

    this.addSql(`create table "recall_lot" ("recall_id" uuid not null, "lot_id" uuid not null, primary key ("recall_id", "lot_id"));`);
    this.addSql(`create index "recall_lot_lot_id_index" on "recall_lot" ("lot_id");`);

    this.addSql(`create table "recall_notice" ("id" uuid not null, "version" int not null default 1, "recall_id" uuid not null, "patient_id" uuid not null, "status" text not null, "requested_at" timestamptz not null, "answered_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "recall_notice_patient_id_index" on "recall_notice" ("patient_id");`);
    this.addSql(`alter table "recall_notice" add constraint "recall_notice_recall_id_patient_id_unique" unique ("recall_id", "patient_id");`);
    this.addSql(`alter table "recall_notice" add constraint "recall_notice_status_check" check ("status" in ('REQUESTED', 'ACKNOWLEDGED', 'UNREACHABLE'));`);

    this.addSql(`create table "reservation" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "order_line_id" uuid not null, "drug_id" uuid not null, "status" text not null, "quantity" numeric(12,3) not null, "keeps_until" date not null, "expires_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "reservation_order_id_index" on "reservation" ("order_id");`);
    this.addSql(`alter table "reservation" add constraint "reservation_order_line_id_unique" unique ("order_line_id");`);
    this.addSql(`create index reservation_due on reservation (expires_at) where status = 'HELD';`);
    this.addSql(`alter table "reservation" add constraint "reservation_quantity_check" check (quantity >= 0);`);
    this.addSql(`alter table "reservation" add constraint "reservation_status_check" check ("status" in ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED', 'LOST'));`);

    this.addSql(`create table "allocation" ("id" uuid not null, "reservation_id" uuid not null, "lot_id" uuid not null, "quantity" numeric(12,3) not null, primary key ("id"));`);
    this.addSql(`create index "allocation_lot_id_index" on "allocation" ("lot_id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_reservation_id_lot_id_unique" unique ("reservation_id", "lot_id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_quantity_check" check (quantity > 0);`);

    this.addSql(`create table "stock_alert" ("id" uuid not null, "position" numeric(12,3) not null, "reorder_point" numeric(12,3) not null, "suggested_quantity" numeric(12,3) not null, "since" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "stock_count" ("id" uuid not null, "version" int not null default 1, "lot_id" uuid not null, "status" text not null, "requested_by" varchar(255) not null, "requested_at" timestamptz not null, "first_by" varchar(255) null, "first_quantity" numeric(12,3) null, "second_by" varchar(255) null, "second_quantity" numeric(12,3) null, "variance" numeric(12,3) null, primary key ("id"));`);
    this.addSql(`create index "stock_count_lot_id_index" on "stock_count" ("lot_id");`);
    this.addSql(`create unique index stock_count_one_open on stock_count (lot_id) where status <> 'POSTED';`);
    this.addSql(`alter table "stock_count" add constraint "stock_count_status_check" check ("status" in ('REQUESTED', 'COUNTING', 'COUNTED', 'INVESTIGATING', 'REVIEW', 'POSTED'));`);

    this.addSql(`create table "stock_request" ("id" uuid not null, "cancelled_at" timestamptz null, "shipped_at" timestamptz null, primary key ("id"));`);

    this.addSql(`create table "temperature_reading" ("sensor_id" varchar(50) not null, "at" timestamptz not null, "location_id" uuid not null, "storage_class" text not null, "celsius" numeric(5,2) not null, "interval_minutes" int not null, primary key ("sensor_id", "at"));`);
    this.addSql(`create index "temperature_reading_location_id_storage_class_at_index" on "temperature_reading" ("location_id", "storage_class", "at");`);
    this.addSql(`alter table "temperature_reading" add constraint "temperature_reading_interval_minutes_check" check (interval_minutes > 0);`);
    this.addSql(`alter table "temperature_reading" add constraint "temperature_reading_storage_class_check" check ("storage_class" in ('FROZEN', 'REFRIGERATED', 'COOL', 'CRT'));`);

    this.addSql(`create table "transaction_record" ("id" uuid not null, "lot_id" uuid not null, "reference" varchar(255) not null, "seller_name" varchar(255) not null, "seller_gln" varchar(13) not null, "transaction_date" date not null, "gtin" varchar(14) not null, "serial_number" varchar(20) null, "quantity" numeric(12,3) not null, "received_at" timestamptz not null, "retain_until" date not null, primary key ("id"));`);
    this.addSql(`create index "transaction_record_lot_id_index" on "transaction_record" ("lot_id");`);
    this.addSql(`create unique index transaction_record_serial_once on transaction_record (gtin, serial_number) where serial_number is not null;`);
    this.addSql(`alter table "transaction_record" add constraint "transaction_record_quantity_check" check (quantity > 0);`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);

    this.addSql(`alter table "lot" add constraint "lot_location_id_foreign" foreign key ("location_id") references "location" ("id");`);

    this.addSql(`alter table "loss_case" add constraint "loss_case_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "ledger_entry" add constraint "ledger_entry_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "dispense_record" add constraint "dispense_record_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "recall_lot" add constraint "recall_lot_recall_id_foreign" foreign key ("recall_id") references "recall" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "recall_lot" add constraint "recall_lot_lot_id_foreign" foreign key ("lot_id") references "lot" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "recall_notice" add constraint "recall_notice_recall_id_foreign" foreign key ("recall_id") references "recall" ("id");`);

    this.addSql(`alter table "allocation" add constraint "allocation_reservation_id_foreign" foreign key ("reservation_id") references "reservation" ("id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "stock_count" add constraint "stock_count_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "temperature_reading" add constraint "temperature_reading_location_id_foreign" foreign key ("location_id") references "location" ("id");`);

    this.addSql(`alter table "transaction_record" add constraint "transaction_record_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    for (const sql of outboxNotifySql) this.addSql(sql);

    // the books and the dispense records are written once, whoever holds the pen
    this.addSql(`create function refuse_change() returns trigger language plpgsql as $$ begin raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation'; end $$`);
    this.addSql(`create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry for each statement execute function refuse_change()`);
    this.addSql(`create trigger transaction_record_append_only before update or delete or truncate on transaction_record for each statement execute function refuse_change()`);
    this.addSql(`create trigger dispense_record_append_only before update or delete or truncate on dispense_record for each statement execute function refuse_change()`);

    this.addSql(`insert into policy (name, effective_from, value, source) values
      ('MINIMUM_DATING_DAYS', '2026-01-01', 30, 'A supply must not expire while the patient takes it; the margin is pharmacy practice.'),
      ('DEFAULT_DAYS_SUPPLY', '2026-01-01', 30, 'Where an order line states no days'' supply (over the counter), a month is assumed.'),
      ('SINGLE_LOT_WINDOW_DAYS', '2026-01-01', 90, 'One lot on the label is worth an expiry at most this much later than splitting would use.'),
      ('MAX_LOTS_PER_LINE', '2026-01-01', 3, 'Each lot is scanned and labelled by hand; more than three invites mistakes.'),
      ('HOLD_DAYS', '2026-01-01', 7, 'Card authorisations last up to seven days; the hold must not end before them.'),
      ('MAX_HOLD_DAYS', '2026-01-01', 30, 'A hold longer than a month keeps others from medicine that nobody collects.'),
      ('LOW_STOCK_PACKAGES', '2026-01-01', 5, 'Fewer whole packages than this are shown as running low.'),
      ('DEMAND_WINDOW_DAYS', '2026-01-01', 90, 'A season of dispensing: long enough to smooth weeks, short enough to follow change.'),
      ('LEAD_TIME_DAYS', '2026-01-01', 2, 'Wholesalers deliver the day after next.'),
      ('LEAD_TIME_SD_DAYS', '2026-01-01', 1, 'Deliveries slip by a day.'),
      ('SERVICE_Z_HUNDREDTHS', '2026-01-01', 165, 'z = 1.65: in 95 of 100 cycles stock lasts until the delivery.'),
      ('TARGET_COVER_DAYS', '2026-01-01', 14, 'An order fills the shelf for two weeks.'),
      ('ORDER_COST_MINOR', '2026-01-01', 1500, 'Work of one order, receipt and put-away, in cents.'),
      ('HOLDING_COST_MINOR_PER_YEAR', '2026-01-01', 20, 'Capital, space and waste of one unit for a year, in cents.')`);
  }

}
