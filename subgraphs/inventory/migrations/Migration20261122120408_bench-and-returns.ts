import { Migration } from '@mikro-orm/migrations';

export class Migration20261122120408_bench_and_returns extends Migration {

  override name = 'Migration20261122120408_bench_and_returns';

  override up(): void | Promise<void> {
    this.addSql(`create table "controlled_inventory_record" ("id" uuid not null, "location_id" uuid not null, "taken_on" date not null, "business_time" text not null, "taken_by" varchar(255) not null, "taken_at" timestamptz not null, "lines" jsonb not null, "next_due_on" date not null, "retain_until" date not null, primary key ("id"));`);
    this.addSql(`alter table "controlled_inventory_record" add constraint "controlled_inventory_record_location_id_taken_on__b229a_unique" unique ("location_id", "taken_on", "business_time");`);

    this.addSql(`create table "dispense_job" ("id" uuid not null, "version" int not null default 1, "device_id" varchar(50) not null, "fill_id" uuid not null, "order_line_id" uuid not null, "lot_id" uuid not null, "ndc" varchar(255) not null, "lot_number" varchar(255) not null, "quantity" numeric(12,3) not null, "status" text not null, "refusal" text null, "message" text null, "counted" numeric(12,3) null, "serial_number" varchar(20) null, "requested_at" timestamptz not null, "answered_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "dispense_job_order_line_id_index" on "dispense_job" ("order_line_id");`);
    this.addSql(`alter table "dispense_job" add constraint "dispense_job_fill_id_lot_id_unique" unique ("fill_id", "lot_id");`);

    this.addSql(`create table "device_cassette" ("device_id" varchar(50) not null, "lot_id" uuid not null, "units" numeric(12,3) not null, "loaded_by" varchar(255) not null, "loaded_at" timestamptz not null, primary key ("device_id", "lot_id"));`);

    this.addSql(`create table "destruction" ("id" uuid not null, "version" int not null default 1, "lot_id" uuid not null, "status" text not null, "method" text not null, "proposed_by" varchar(255) not null, "proposed_at" timestamptz not null, "quantity" numeric(12,3) null, "witnessed_by" varchar(255) null, "witnessed_at" timestamptz null, "reference" varchar(255) null, primary key ("id"));`);
    this.addSql(`create unique index destruction_one_open on destruction (lot_id) where status = 'PROPOSED';`);

    this.addSql(`alter table "lot" drop constraint "lot_drug_id_batch_number_location_id_unique";`);
    this.addSql(`alter table "lot" add "origin" text not null default 'SUPPLIER';`);
    this.addSql(`create unique index lot_one_per_batch on lot (drug_id, batch_number, location_id) where origin = 'SUPPLIER';`);
    this.addSql(`alter table "lot" add constraint "lot_origin_check" check ("origin" in ('SUPPLIER', 'RETURN', 'RETURN_FROM_OUTSIDE'));`);

    this.addSql(`alter table "reservation" add "fulfilment_id" uuid null;`);

    this.addSql(`alter table "controlled_inventory_record" add constraint "controlled_inventory_record_location_id_foreign" foreign key ("location_id") references "location" ("id");`);
    this.addSql(`alter table "controlled_inventory_record" add constraint "controlled_inventory_record_business_time_check" check ("business_time" in ('OPENING', 'CLOSING'));`);

    this.addSql(`alter table "dispense_job" add constraint "dispense_job_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    this.addSql(`alter table "dispense_job" add constraint "dispense_job_quantity_check" check (quantity > 0);`);
    this.addSql(`alter table "dispense_job" add constraint "dispense_job_status_check" check ("status" in ('REQUESTED', 'COUNTED', 'REFUSED', 'WITHDRAWN'));`);
    this.addSql(`alter table "dispense_job" add constraint "dispense_job_refusal_check" check ("refusal" in ('WRONG_PRODUCT', 'WRONG_LOT', 'MISCOUNT', 'JAMMED', 'EMPTY'));`);

    this.addSql(`alter table "device_cassette" add constraint "device_cassette_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    this.addSql(`alter table "device_cassette" add constraint "device_cassette_units_check" check (units >= 0);`);

    this.addSql(`alter table "destruction" add constraint "destruction_lot_id_foreign" foreign key ("lot_id") references "lot" ("id");`);
    this.addSql(`alter table "destruction" add constraint "destruction_status_check" check ("status" in ('PROPOSED', 'WITNESSED', 'WITHDRAWN'));`);
    this.addSql(`alter table "destruction" add constraint "destruction_method_check" check ("method" in ('INCINERATION', 'CHEMICAL', 'REVERSE_DISTRIBUTOR'));`);

    this.addSql(`create trigger controlled_inventory_record_append_only before update or delete or truncate on controlled_inventory_record for each statement execute function refuse_change()`);
    // what was destroyed and who saw it is not rewritten either
    this.addSql(`create function refuse_after_witness() returns trigger language plpgsql as $$ begin if old.status = 'WITNESSED' then raise exception 'a witnessed destruction is not changed' using errcode = 'integrity_constraint_violation'; end if; return coalesce(new, old); end $$`);
    this.addSql(`create trigger destruction_final before update or delete on destruction for each row execute function refuse_after_witness()`);
  }

}
