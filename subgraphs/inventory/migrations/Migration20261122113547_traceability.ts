import { Migration } from '@mikro-orm/migrations';

export class Migration20261122113547_traceability extends Migration {

  override name = 'Migration20261122113547_traceability';

  override up(): void | Promise<void> {
    this.addSql(`create table "suspect_case" ("id" uuid not null, "version" int not null default 1, "lot_id" uuid not null, "drug_id" uuid not null, "reason" text not null, "status" text not null, "opened_by" varchar(255) not null, "opened_at" timestamptz not null, "packages" int not null, "verified" int not null, "differing" int not null, "notice_due_at" timestamptz null, "noticed_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "suspect_case_lot_id_index" on "suspect_case" ("lot_id");`);
    this.addSql(`create index "suspect_case_status_notice_due_at_index" on "suspect_case" ("status", "notice_due_at");`);
    this.addSql(`create unique index suspect_case_one_open on suspect_case (lot_id) where status not in ('CLEARED', 'CLOSED');`);

    this.addSql(`create table "suspect_package" ("case_id" uuid not null, "gtin" varchar(14) not null, "serial_number" varchar(20) not null, "lot_number" varchar(255) not null, "expiry_date" date null, "matches" boolean not null, "verified_by" varchar(255) not null, "verified_at" timestamptz not null, primary key ("case_id", "gtin", "serial_number"));`);

    this.addSql(`create table "trading_partner" ("id" uuid not null, "version" int not null default 1, "name" varchar(255) not null, "kind" text not null, "gln" varchar(13) not null, "licence_number" varchar(255) not null, "licensed_until" date not null, "status" text not null, primary key ("id"));`);
    this.addSql(`alter table "trading_partner" add constraint "trading_partner_gln_unique" unique ("gln");`);

    this.addSql(`create table "purchase_order" ("id" uuid not null, "version" int not null default 1, "partner_id" uuid not null, "location_id" uuid not null, "status" text not null, "drafted_by" varchar(255) not null, "drafted_at" timestamptz not null, "idempotency_key" varchar(255) not null, "dea_order_number" varchar(255) null, primary key ("id"));`);
    this.addSql(`alter table "purchase_order" add constraint "purchase_order_idempotency_key_unique" unique ("idempotency_key");`);
    this.addSql(`create index "purchase_order_status_id_index" on "purchase_order" ("status", "id");`);

    this.addSql(`create table "purchase_order_line" ("id" uuid not null, "purchase_order_id" uuid not null, "drug_id" uuid not null, "ndc" varchar(255) not null, "quantity" numeric(12,3) not null, "received" numeric(12,3) not null, primary key ("id"));`);
    this.addSql(`create index "purchase_order_line_drug_id_index" on "purchase_order_line" ("drug_id");`);
    this.addSql(`alter table "purchase_order_line" add constraint "purchase_order_line_purchase_order_id_drug_id_unique" unique ("purchase_order_id", "drug_id");`);

    this.addSql(`alter table "recall_notice" add "notified_at" timestamptz null;`);

    this.addSql(`alter table "transaction_record" add "statement" boolean not null default true;`);

    this.addSql(`alter table "suspect_case" add constraint "suspect_case_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    this.addSql(`alter table "suspect_case" add constraint "suspect_case_packages_check" check (packages >= 0);`);
    this.addSql(`alter table "suspect_case" add constraint "suspect_case_verified_check" check (verified >= 0);`);
    this.addSql(`alter table "suspect_case" add constraint "suspect_case_differing_check" check (differing >= 0);`);
    this.addSql(`alter table "suspect_case" add constraint "suspect_case_status_check" check ("status" in ('INVESTIGATING', 'CLEARED', 'ILLEGITIMATE', 'NOTIFIED', 'CLOSED'));`);

    this.addSql(`alter table "suspect_package" add constraint "suspect_package_case_id_foreign" foreign key ("case_id") references "suspect_case" ("id");`);

    this.addSql(`alter table "trading_partner" add constraint "trading_partner_kind_check" check ("kind" in ('MANUFACTURER', 'REPACKAGER', 'WHOLESALER', 'LOGISTICS_PROVIDER'));`);
    this.addSql(`alter table "trading_partner" add constraint "trading_partner_status_check" check ("status" in ('AUTHORIZED', 'SUSPENDED'));`);

    this.addSql(`alter table "purchase_order" add constraint "purchase_order_partner_id_foreign" foreign key ("partner_id") references "trading_partner" ("id");`);
    this.addSql(`alter table "purchase_order" add constraint "purchase_order_location_id_foreign" foreign key ("location_id") references "location" ("id");`);
    this.addSql(`alter table "purchase_order" add constraint "purchase_order_status_check" check ("status" in ('DRAFT', 'APPROVED', 'SENT', 'PARTIALLY_RECEIVED', 'RECEIVED', 'CANCELLED'));`);

    this.addSql(`alter table "purchase_order_line" add constraint "purchase_order_line_purchase_order_id_foreign" foreign key ("purchase_order_id") references "purchase_order" ("id");`);
    this.addSql(`alter table "purchase_order_line" add constraint "purchase_order_line_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "purchase_order_line" add constraint "purchase_order_line_received_check" check (received >= 0 and received <= quantity);`);

    // what was found in an investigation is kept six years as it was found
    this.addSql(`create trigger suspect_package_append_only before update or delete or truncate on suspect_package for each statement execute function refuse_change()`);
  }

}
