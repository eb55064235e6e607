import { Migration } from '@mikro-orm/migrations';

export class Migration20261122120809_network_statuses_pdmp extends Migration {

  override name = 'Migration20261122120809_network_statuses_pdmp';

  override up(): void | Promise<void> {
    this.addSql(`create table "network_status" ("event_id" varchar(255) not null, "message_id" varchar(255) null, "prescriber_order_number" varchar(255) null, "status" varchar(255) not null, "occurred_at" timestamptz not null, "received_at" timestamptz not null, primary key ("event_id"));`);
    this.addSql(`create index "network_status_message_id_index" on "network_status" ("message_id");`);
    this.addSql(`create index "network_status_prescriber_order_number_index" on "network_status" ("prescriber_order_number");`);
    this.addSql(`create table "pdmp_zero_report" ("state" varchar(255) not null, "day" date not null, "due_day" date not null, "rule" varchar(255) not null, "reported_at" timestamptz null, primary key ("state", "day"));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "network_status" cascade;`);
    this.addSql(`drop table if exists "pdmp_zero_report" cascade;`);
  }

}
