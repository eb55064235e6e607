import { Migration } from '@mikro-orm/migrations';

export class Migration20261122144434_automatic_refills extends Migration {

  override name = 'Migration20261122144434_automatic_refills';

  override up(): void | Promise<void> {
    this.addSql(`create table "auto_refill" ("id" uuid not null, "version" int not null default 1, "prescription_id" uuid not null, "patient_id" uuid not null, "status" text not null, "status_since" timestamptz not null, "reason_code" varchar(255) null, "runs_out_on" date null, "order_on" date not null, "order_id" uuid null, "orders" int not null default 0, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "auto_refill_prescription_id_index" on "auto_refill" ("prescription_id");`);
    this.addSql(`create index "auto_refill_order_id_index" on "auto_refill" ("order_id");`);
    this.addSql(`create index "auto_refill_patient_id_status_index" on "auto_refill" ("patient_id", "status");`);
    this.addSql(`create index auto_refill_due on auto_refill (order_on) where status = 'SCHEDULED';`);

    this.addSql(`create table "auto_refill_plan" ("prescription_id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "drug_id" uuid not null, "address_id" uuid not null, "payment_method_id" varchar(255) not null, "delivery" text not null, "ceiling_minor" int not null, "currency" varchar(3) not null, "arranged_at" timestamptz not null, primary key ("prescription_id"));`);
    this.addSql(`create index "auto_refill_plan_patient_id_index" on "auto_refill_plan" ("patient_id");`);

    this.addSql(`alter table "customer_order" add "auto_refill_id" uuid null, add "unattended" boolean not null default false;`);

    this.addSql(`alter table "auto_refill" add constraint "auto_refill_status_check" check ("status" in ('SCHEDULED', 'ASKING', 'ORDERED', 'PAYMENT_NEEDED', 'DONE', 'SKIPPED', 'WITHDRAWN'));`);

    this.addSql(`alter table "auto_refill_plan" add constraint "auto_refill_plan_ceiling_minor_check" check (ceiling_minor > 0);`);
    this.addSql(`alter table "auto_refill_plan" add constraint "auto_refill_plan_delivery_check" check ("delivery" in ('AS_READY', 'TOGETHER'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "auto_refill" cascade;`);
    this.addSql(`drop table if exists "auto_refill_plan" cascade;`);

    this.addSql(`alter table "customer_order" drop column "auto_refill_id", drop column "unattended";`);


  }

}
