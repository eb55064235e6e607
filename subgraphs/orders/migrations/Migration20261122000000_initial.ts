import { Migration } from '@mikro-orm/migrations';
import { outboxNotifySql } from '@pharmagraph/platform';

export class Migration20261122000000_initial extends Migration {

  override name = 'Migration20261122000000_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "address_fact" ("id" uuid not null, "patient_id" uuid not null, "state" varchar(255) not null, "deliverability" text not null, primary key ("id"));`);
    this.addSql(`alter table "address_fact" add constraint "address_fact_deliverability_check" check ("deliverability" in ('DELIVERABLE', 'UNCERTAIN', 'UNDELIVERABLE'));`);

    this.addSql(`create table "cart" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "status" text not null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create unique index cart_one_open on cart (patient_id) where status = 'OPEN';`);
    this.addSql(`alter table "cart" add constraint "cart_status_check" check ("status" in ('OPEN', 'CHECKED_OUT'));`);

    this.addSql(`create table "cart_line" ("id" uuid not null, "cart_id" uuid not null, "drug_id" uuid not null, "prescription_id" uuid null, "quantity" numeric(12,3) not null, "packages" int null, primary key ("id"));`);
    this.addSql(`create index "cart_line_cart_id_index" on "cart_line" ("cart_id");`);
    this.addSql(`alter table "cart_line" add constraint "cart_line_quantity_check" check (quantity > 0);`);

    this.addSql(`create table "consent_fact" ("patient_id" uuid not null, "purpose" varchar(255) not null, "fact_version" int not null, "granted" boolean not null, primary key ("patient_id", "purpose"));`);

    this.addSql(`create table "data_key" ("subject_id" uuid not null, "wrapped" text null, "kek_version" int not null, "created_at" timestamptz not null, "destroyed_at" timestamptz null, primary key ("subject_id"));`);

    this.addSql(`create table "dead_letter" ("id" bigserial primary key, "event_id" uuid not null, "consumer" varchar(255) not null, "type" varchar(255) not null, "event" jsonb not null, "error" text not null, "attempts" int not null, "at" timestamptz not null, "replayed_at" timestamptz null);`);

    this.addSql(`create table "dispute" ("id" varchar(255) not null, "order_id" uuid not null, "status" text not null, "amount_minor" int not null, "currency" varchar(3) not null, "reason_code" varchar(255) not null, "opened_at" timestamptz not null, "closed_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "dispute_order_id_index" on "dispute" ("order_id");`);
    this.addSql(`alter table "dispute" add constraint "dispute_amount_minor_check" check (amount_minor > 0);`);
    this.addSql(`alter table "dispute" add constraint "dispute_status_check" check ("status" in ('OPEN', 'WON', 'LOST'));`);

    this.addSql(`create table "drug_fact" ("id" uuid not null, "fact_version" int not null, "name" varchar(255) not null, "rx_only" boolean not null, "dea_schedule" text not null, "storage_class" text not null, "package_size" numeric(12,3) not null, "price_minor" int not null, "currency" varchar(3) not null, primary key ("id"));`);
    this.addSql(`alter table "drug_fact" add constraint "drug_fact_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);
    this.addSql(`alter table "drug_fact" add constraint "drug_fact_storage_class_check" check ("storage_class" in ('FROZEN', 'REFRIGERATED', 'COOL', 'CRT'));`);

    this.addSql(`create table "inbox" ("event_id" uuid not null, "consumer" varchar(255) not null, "received_at" timestamptz not null, primary key ("event_id", "consumer"));`);

    this.addSql(`create table "customer_order" ("id" uuid not null, "version" int not null default 1, "number" varchar(255) not null, "patient_id" uuid not null, "cart_id" uuid not null, "address_id" uuid not null, "address_state" varchar(2) not null, "idempotency_key" varchar(255) not null, "input_hash" varchar(255) not null, "status" text not null, "status_since" timestamptz not null, "reason_code" varchar(255) null, "reason_drug_ids" text[] null, "note_sealed" text null, "payment_status" text not null, "subtotal_minor" int not null, "tax_minor" int not null, "shipping_minor" int not null, "total_minor" int not null, "currency" varchar(3) not null, "shipment_seen_at" timestamptz null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_number_unique" unique ("number");`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_cart_id_unique" unique ("cart_id");`);
    this.addSql(`create index "customer_order_patient_id_id_index" on "customer_order" ("patient_id", "id");`);
    this.addSql(`create index "customer_order_status_status_since_index" on "customer_order" ("status", "status_since");`);
    this.addSql(`create index "customer_order_status_id_index" on "customer_order" ("status", "id");`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_patient_id_idempotency_key_unique" unique ("patient_id", "idempotency_key");`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_total_minor_check" check (total_minor = subtotal_minor + tax_minor + shipping_minor);`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_status_check" check ("status" in ('CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED', 'CLOSED', 'REJECTED', 'BACKORDERED', 'EXPIRED', 'CANCELLED', 'DELIVERY_EXCEPTION', 'RETURNED', 'REFUND_PENDING', 'REFUNDED'));`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_payment_status_check" check ("payment_status" in ('NOT_STARTED', 'REQUIRES_METHOD', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURING', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'FAILED', 'AUTH_EXPIRED'));`);

    this.addSql(`create table "order_line" ("id" uuid not null, "order_id" uuid not null, "drug_id" uuid not null, "prescription_id" uuid null, "quantity" numeric(12,3) not null, "days_supply" int null, "unit_price_minor" int not null, "line_total_minor" int not null, "tax_minor" int not null, "dea_schedule" text not null, "storage_class" text not null, "status" text not null, "reason_code" varchar(255) null, "reason_message" text null, primary key ("id"));`);
    this.addSql(`create index "order_line_order_id_index" on "order_line" ("order_id");`);
    this.addSql(`alter table "order_line" add constraint "order_line_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "order_line" add constraint "order_line_dea_schedule_check" check ("dea_schedule" in ('NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'));`);
    this.addSql(`alter table "order_line" add constraint "order_line_storage_class_check" check ("storage_class" in ('FROZEN', 'REFRIGERATED', 'COOL', 'CRT'));`);
    this.addSql(`alter table "order_line" add constraint "order_line_status_check" check ("status" in ('PENDING', 'ACCEPTED', 'BLOCKED', 'HELD', 'RELEASED', 'CANCELLED'));`);

    this.addSql(`create table "outbox" ("position" bigserial primary key, "event_id" uuid not null, "type" varchar(255) not null, "subject" varchar(255) not null, "time" timestamptz not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "correlation_id" varchar(255) not null, "causation_id" varchar(255) null, "traceparent" varchar(255) null, "data" jsonb not null, "published_at" timestamptz null);`);
    this.addSql(`alter table "outbox" add constraint "outbox_event_id_unique" unique ("event_id");`);
    this.addSql(`create index outbox_unpublished on outbox (position) where published_at is null;`);

    this.addSql(`create table "payment" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "patient_id" uuid not null, "status" text not null, "status_since" timestamptz not null, "amount_minor" int not null, "currency" varchar(3) not null, "authorized_minor" int not null, "captured_minor" int not null, "refunded_minor" int not null, "attempts" int not null, "intent_id" varchar(255) null, "intent_attempt" int not null, "client_secret_sealed" text null, "next_action_url" text null, "capture_before" timestamptz null, "failure_code" varchar(255) null, "failure_message" varchar(255) null, "doubts" int not null, "checked_at" timestamptz null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "payment" add constraint "payment_order_id_unique" unique ("order_id");`);
    this.addSql(`alter table "payment" add constraint "payment_intent_id_unique" unique ("intent_id");`);
    this.addSql(`create index "payment_status_status_since_index" on "payment" ("status", "status_since");`);
    this.addSql(`alter table "payment" add constraint "payment_amount_minor_check" check (amount_minor > 0);`);
    this.addSql(`alter table "payment" add constraint "payment_captured_minor_check" check (captured_minor >= 0 and captured_minor <= amount_minor);`);
    this.addSql(`alter table "payment" add constraint "payment_refunded_minor_check" check (refunded_minor >= 0 and refunded_minor <= captured_minor);`);
    this.addSql(`alter table "payment" add constraint "payment_status_check" check ("status" in ('NOT_STARTED', 'REQUIRES_METHOD', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURING', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'FAILED', 'AUTH_EXPIRED'));`);

    this.addSql(`create table "payment_ledger" ("id" bigserial primary key, "movement_id" uuid not null, "payment_id" uuid not null, "kind" text not null, "account" text not null, "amount_minor" int not null, "currency" varchar(3) not null, "at" timestamptz not null);`);
    this.addSql(`create index "payment_ledger_movement_id_index" on "payment_ledger" ("movement_id");`);
    this.addSql(`create index "payment_ledger_payment_id_index" on "payment_ledger" ("payment_id");`);
    this.addSql(`alter table "payment_ledger" add constraint "payment_ledger_kind_check" check ("kind" in ('AUTHORIZED', 'RELEASED', 'CAPTURED', 'REFUNDED', 'REFUND_REVERSED', 'DISPUTED', 'DISPUTE_WON', 'DISPUTE_LOST'));`);
    this.addSql(`alter table "payment_ledger" add constraint "payment_ledger_account_check" check ("account" in ('CARD_HOLD', 'HOLD_OWED', 'PROVIDER_BALANCE', 'SALES', 'DISPUTED'));`);

    this.addSql(`create table "payment_attempt" ("payment_id" uuid not null, "number" int not null, "payment_method_id" varchar(255) null, "made_at" timestamptz null, "requested_at" timestamptz not null, primary key ("payment_id", "number"));`);

    this.addSql(`create table "prescription_fact" ("id" uuid not null, "told_by" varchar(255) not null, "patient_id" uuid null, "drug_id" uuid null, "status" varchar(255) not null, "quantity" numeric(12,3) not null, "days_supply" int null, "refills_remaining" int not null, "expiry_date" date not null, primary key ("id"));`);

    this.addSql(`create table "refund" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "idempotency_key" varchar(255) not null, "amount_minor" int not null, "currency" varchar(3) not null, "status" text not null, "provider_id" varchar(255) null, "failure_code" varchar(255) null, "reason_sealed" text null, "requested_by" varchar(255) not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "refund" add constraint "refund_provider_id_unique" unique ("provider_id");`);
    this.addSql(`alter table "refund" add constraint "refund_order_id_idempotency_key_unique" unique ("order_id", "idempotency_key");`);
    this.addSql(`alter table "refund" add constraint "refund_amount_minor_check" check (amount_minor > 0);`);
    this.addSql(`alter table "refund" add constraint "refund_status_check" check ("status" in ('REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED'));`);

    this.addSql(`create table "stripe_event" ("id" varchar(255) not null, "type" varchar(255) not null, "state" text not null, "news" jsonb null, "received_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index stripe_event_parked on stripe_event (received_at) where state = 'PARKED';`);
    this.addSql(`alter table "stripe_event" add constraint "stripe_event_state_check" check ("state" in ('APPLIED', 'PARKED', 'IGNORED'));`);

    this.addSql(`create table "transition" ("id" bigserial primary key, "machine" varchar(255) not null, "subject_id" uuid not null, "from_state" varchar(255) not null, "to_state" varchar(255) not null, "verb" varchar(255) not null, "actor" varchar(255) not null, "actor_role" varchar(255) not null, "reason" text null, "correlation_id" varchar(255) not null, "at" timestamptz not null);`);
    this.addSql(`create index "transition_subject_id_id_index" on "transition" ("subject_id", "id");`);

    this.addSql(`alter table "cart_line" add constraint "cart_line_cart_id_foreign" foreign key ("cart_id") references "cart" ("id");`);

    this.addSql(`alter table "order_line" add constraint "order_line_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);

    this.addSql(`alter table "payment" add constraint "payment_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);

    this.addSql(`alter table "dispute" add constraint "dispute_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);

    this.addSql(`alter table "payment_ledger" add constraint "payment_ledger_payment_id_foreign" foreign key ("payment_id") references "payment" ("id");`);

    this.addSql(`alter table "payment_attempt" add constraint "payment_attempt_payment_id_foreign" foreign key ("payment_id") references "payment" ("id");`);

    this.addSql(`alter table "refund" add constraint "refund_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);
    // The ledger is append-only: what happened to money is corrected by a further movement.
    this.addSql(`create function payment_ledger_append_only() returns trigger language plpgsql as $$ begin raise exception 'payment_ledger is append-only'; end $$;`);
    this.addSql(`create trigger payment_ledger_append_only before update or delete on payment_ledger for each row execute function payment_ledger_append_only();`);
    for (const sql of outboxNotifySql) this.addSql(sql);
  }

}
