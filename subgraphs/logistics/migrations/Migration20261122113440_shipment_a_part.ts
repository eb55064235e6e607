import { Migration } from '@mikro-orm/migrations';

export class Migration20261122113440_shipment_a_part extends Migration {

  override name = 'Migration20261122113440_shipment_a_part';

  override up(): void | Promise<void> {
    this.addSql(`create table "delegation_fact" ("id" uuid not null, "patient_id" uuid not null, "subject" varchar(255) not null, "scopes" text[] not null, "fact_version" int not null, primary key ("id"));`);
    this.addSql(`create index "delegation_fact_subject_index" on "delegation_fact" ("subject");`);

    this.addSql(`create table "stopped_line" ("order_line_id" uuid not null, "order_id" uuid not null, "at" timestamptz not null, primary key ("order_line_id"));`);
    this.addSql(`create index "stopped_line_order_id_index" on "stopped_line" ("order_id");`);

    this.addSql(`alter table "shipment" drop constraint "shipment_order_id_unique";`);
    this.addSql(`alter table "shipment" add "fulfilment_id" uuid null, add "order_line_ids" text[] null;`);
    this.addSql(`create unique index shipment_one_a_part on shipment (order_id, coalesce(fulfilment_id, order_id));`);
  }

}
