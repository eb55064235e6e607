import { Migration } from '@mikro-orm/migrations';

export class Migration20261122111035_parts_of_orders extends Migration {

  override name = 'Migration20261122111035_parts_of_orders';

  override up(): void | Promise<void> {
    this.addSql(`create table "fulfilment" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "patient_id" uuid not null, "number" int not null, "status" text not null, "status_since" timestamptz not null, "reason_code" varchar(255) null, "capture_number" int null, "shipment_seen_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index fulfilment_backordered on fulfilment (order_id) where status = 'BACKORDERED';`);
    this.addSql(`alter table "fulfilment" add constraint "fulfilment_order_id_number_unique" unique ("order_id", "number");`);

    this.addSql(`create table "payment_capture" ("payment_id" uuid not null, "number" int not null, "intent_id" varchar(255) not null, "amount_minor" int not null, "up_to_minor" int not null, "final" boolean not null, "requested_at" timestamptz not null, primary key ("payment_id", "number"));`);

    this.addSql(`alter table "customer_order" add "delivery" text not null default 'TOGETHER', add "released_parts" int not null default 0;`);
    this.addSql(`alter table "customer_order" add constraint "customer_order_delivery_check" check ("delivery" in ('AS_READY', 'TOGETHER'));`);

    this.addSql(`alter table "order_line" drop constraint "order_line_status_check";`);
    this.addSql(`alter table "order_line" add "fulfilment_id" uuid null, add "next_on" date null, add "supplied_quantity" numeric(12,3) null, add "charge_minor" int null;`);
    this.addSql(`alter table "order_line" add constraint "order_line_status_check" check ("status" in ('PENDING', 'ACCEPTED', 'BACKORDERED', 'BLOCKED', 'HELD', 'RELEASED', 'CANCELLED'));`);

    this.addSql(`alter table "payment" add "multicapture" boolean null;`);

    this.addSql(`alter table "payment_attempt" add "amount_minor" int null;`);

    this.addSql(`alter table "fulfilment" add constraint "fulfilment_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);
    this.addSql(`alter table "fulfilment" add constraint "fulfilment_status_check" check ("status" in ('PLANNED', 'BACKORDERED', 'HELD', 'RELEASED', 'PAID', 'SHIPPED', 'DELIVERY_EXCEPTION', 'DELIVERED', 'RETURNED', 'CANCELLED'));`);

    this.addSql(`alter table "payment_capture" add constraint "payment_capture_payment_id_foreign" foreign key ("payment_id") references "payment" ("id");`);
    this.addSql(`alter table "payment_capture" add constraint "payment_capture_amount_minor_check" check (amount_minor >= 0);`);

    // Orders of before were one part each, wherever they are.
    this.addSql(`insert into fulfilment (id, order_id, patient_id, number, status, status_since, shipment_seen_at)
      select gen_random_uuid(), id, patient_id, 1, case
        when status in ('CHECKOUT_STARTED', 'RX_CHECKED') then 'PLANNED' when status = 'BACKORDERED' then 'BACKORDERED'
        when status in ('STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST') then 'HELD' when status = 'RELEASED' then 'RELEASED'
        when status = 'PAYMENT_CAPTURED' then 'PAID' when status in ('SHIPPED', 'DELIVERY_EXCEPTION', 'RETURNED') then status
        when status in ('REJECTED', 'EXPIRED', 'CANCELLED') then 'CANCELLED' else 'DELIVERED' end,
        status_since, shipment_seen_at from customer_order;`);
    this.addSql(`update order_line l set fulfilment_id = f.id from fulfilment f where f.order_id = l.order_id;`);
    this.addSql(`update order_line l set status = 'BACKORDERED', reason_code = 'INSUFFICIENT_STOCK' from customer_order o where o.id = l.order_id and o.status = 'BACKORDERED' and l.status = 'ACCEPTED';`);
    this.addSql(`update customer_order o set released_parts = 1 from fulfilment f where f.order_id = o.id and f.status not in ('PLANNED', 'BACKORDERED', 'HELD', 'CANCELLED');`);
    this.addSql(`alter table "customer_order" drop column "shipment_seen_at";`);
  }

}
