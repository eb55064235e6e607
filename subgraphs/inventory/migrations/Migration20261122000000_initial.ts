import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "drug_fact" ("id" uuid not null, "drug_version" int not null, "ndc" varchar(255) not null, "package_size" numeric(12,3) not null, primary key ("id"));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "location" ("id" uuid not null, "name" varchar(255) not null, "city" varchar(255) not null, "state" varchar(2) not null, "serves_states" text[] not null, primary key ("id"));`);

    this.addSql(`create table "lot" ("id" uuid not null, "version" int not null default 1, "drug_id" uuid not null, "ndc" varchar(255) not null, "batch_number" varchar(255) not null, "expiry_date" date not null, "quantity_on_hand" numeric(12,3) not null, "quantity_reserved" numeric(12,3) not null, "location_id" uuid not null, "status" text not null, "status_by" varchar(255) not null, "received_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "lot_batch_number_index" on "lot" ("batch_number");`);
    this.addSql(`create index "lot_location_id_status_index" on "lot" ("location_id", "status");`);
    this.addSql(`create index lot_fefo on lot (drug_id, expiry_date, id) where status = 'AVAILABLE';`);
    this.addSql(`alter table "lot" add constraint "lot_drug_id_batch_number_location_id_unique" unique ("drug_id", "batch_number", "location_id");`);
    this.addSql(`alter table "lot" add constraint "lot_on_hand_not_negative" check (quantity_on_hand >= 0);`);
    this.addSql(`alter table "lot" add constraint "lot_reserved_within_on_hand" check (quantity_reserved >= 0 and quantity_reserved <= quantity_on_hand);`);
    this.addSql(`alter table "lot" add constraint "lot_status_check" check ("status" in ('RECEIVING', 'QUARANTINE', 'AVAILABLE', 'ON_HOLD', 'RECALLED', 'EXPIRED', 'DAMAGED', 'DESTROYED', 'RETURNED_TO_SUPPLIER'));`);

    this.addSql(`create table "ledger_entry" ("id" uuid not null, "lot_id" uuid not null, "type" text not null, "delta" numeric(12,3) not null, "reserved_delta" numeric(12,3) not null, "reason" text null, "reference" varchar(255) null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "ledger_entry_lot_id_id_index" on "ledger_entry" ("lot_id", "id");`);
    this.addSql(`create unique index ledger_entry_receipt_once on ledger_entry (lot_id, reference) where type = 'RECEIPT';`);
    this.addSql(`create unique index ledger_entry_adjust_once on ledger_entry (reference) where type in ('ADJUST', 'COUNT');`);
    this.addSql(`alter table "ledger_entry" add constraint "ledger_entry_type_check" check ("type" in ('RECEIPT', 'HOLD', 'RELEASE', 'COMMIT', 'ADJUST', 'COUNT', 'QUARANTINE', 'RECALL', 'TRANSFER_IN', 'TRANSFER_OUT', 'RETURN', 'DESTROY'));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "policy" ("name" text not null, "effective_from" date not null, "value" int not null, "source" text not null, primary key ("name", "effective_from"));`);
    this.addSql(`alter table "policy" add constraint "policy_value_check" check (value >= 0);`);
    this.addSql(`alter table "policy" add constraint "policy_name_check" check ("name" in ('MINIMUM_DATING_DAYS', 'DEFAULT_DAYS_SUPPLY', 'SINGLE_LOT_WINDOW_DAYS', 'MAX_LOTS_PER_LINE', 'HOLD_DAYS', 'LOW_STOCK_PACKAGES'));`);

    this.addSql(`create table "reservation" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "order_line_id" uuid not null, "drug_id" uuid not null, "status" text not null, "quantity" numeric(12,3) not null, "expires_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "reservation_order_id_index" on "reservation" ("order_id");`);
    this.addSql(`alter table "reservation" add constraint "reservation_order_line_id_unique" unique ("order_line_id");`);
    this.addSql(`create index reservation_due on reservation (expires_at) where status = 'HELD';`);
    this.addSql(`alter table "reservation" add constraint "reservation_quantity_check" check (quantity >= 0);`);
    this.addSql(`alter table "reservation" add constraint "reservation_status_check" check ("status" in ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED'));`);

    this.addSql(`create table "allocation" ("id" uuid not null, "reservation_id" uuid not null, "lot_id" uuid not null, "quantity" numeric(12,3) not null, primary key ("id"));`);
    this.addSql(`create index "allocation_lot_id_index" on "allocation" ("lot_id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_reservation_id_lot_id_unique" unique ("reservation_id", "lot_id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_quantity_check" check (quantity > 0);`);

    this.addSql(`create table "stock_request" ("id" uuid not null, "cancelled_at" timestamptz null, primary key ("id"));`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);

    this.addSql(`alter table "lot" add constraint "lot_location_id_foreign" foreign key ("location_id") references "location" ("id");`);

    this.addSql(`alter table "ledger_entry" add constraint "ledger_entry_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);

    this.addSql(`alter table "allocation" add constraint "allocation_reservation_id_foreign" foreign key ("reservation_id") references "reservation" ("id");`);
    this.addSql(`alter table "allocation" add constraint "allocation_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    for (const sql of outboxNotifySql) this.addSql(sql);

    // the books are written once, whoever holds the pen
    this.addSql(`create function refuse_change() returns trigger language plpgsql as $$ begin raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation'; end $$`);
    this.addSql(`create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry for each statement execute function refuse_change()`);

    this.addSql(`insert into policy (name, effective_from, value, source) values
      ('MINIMUM_DATING_DAYS', '2026-01-01', 30, 'A supply must not expire while the patient takes it; the margin is pharmacy practice.'),
      ('DEFAULT_DAYS_SUPPLY', '2026-01-01', 30, 'Where an order line states no days'' supply (over the counter), a month is assumed.'),
      ('SINGLE_LOT_WINDOW_DAYS', '2026-01-01', 90, 'One lot on the label is worth an expiry at most this much later than splitting would use.'),
      ('MAX_LOTS_PER_LINE', '2026-01-01', 3, 'Each lot is scanned and labelled by hand; more than three invites mistakes.'),
      ('HOLD_DAYS', '2026-01-01', 7, 'Card authorisations last up to seven days; the hold must not end before them.'),
      ('LOW_STOCK_PACKAGES', '2026-01-01', 5, 'Fewer whole packages than this are shown as running low.')`);
  }

}
