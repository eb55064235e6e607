import { Migration } from '@mikro-orm/migrations';

export class Migration20261122120538_returns_and_saved_methods extends Migration {

  override name = 'Migration20261122120538_returns_and_saved_methods';

  override up(): void | Promise<void> {
    this.addSql(`create table "payment_customer" ("patient_id" uuid not null, "provider_id" varchar(255) not null, "created_at" timestamptz not null, primary key ("patient_id"));`);
    this.addSql(`alter table "payment_customer" add constraint "payment_customer_provider_id_unique" unique ("provider_id");`);

    this.addSql(`create table "goods_return" ("id" uuid not null, "version" int not null default 1, "order_id" uuid not null, "patient_id" uuid not null, "idempotency_key" varchar(255) not null, "order_line_ids" text[] not null, "cause" text not null, "status" text not null, "amount_minor" int not null, "currency" varchar(3) not null, "note_sealed" text null, "requested_by" varchar(255) not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index goods_return_open on goods_return (created_at) where status = 'REQUESTED';`);
    this.addSql(`alter table "goods_return" add constraint "goods_return_order_id_idempotency_key_unique" unique ("order_id", "idempotency_key");`);

    this.addSql(`create table "saved_method" ("id" varchar(255) not null, "patient_id" uuid not null, "brand" varchar(255) not null, "last4" varchar(4) not null, "exp_month" int not null, "exp_year" int not null, "added_at" timestamptz not null, "removed_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "saved_method_patient_id_index" on "saved_method" ("patient_id");`);

    this.addSql(`alter table "payment_attempt" add "off_session" boolean not null default false;`);

    this.addSql(`alter table "goods_return" add constraint "goods_return_order_id_foreign" foreign key ("order_id") references "customer_order" ("id");`);
    this.addSql(`alter table "goods_return" add constraint "goods_return_amount_minor_check" check (amount_minor >= 0);`);
    this.addSql(`alter table "goods_return" add constraint "goods_return_cause_check" check ("cause" in ('RECALLED', 'DAMAGED', 'WRONG_ITEM', 'UNDELIVERABLE', 'REFUSED', 'CHANGED_MIND'));`);
    this.addSql(`alter table "goods_return" add constraint "goods_return_status_check" check ("status" in ('REQUESTED', 'APPROVED', 'DECLINED', 'SETTLED'));`);
  }

}
