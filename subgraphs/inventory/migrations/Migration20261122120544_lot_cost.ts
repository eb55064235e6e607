import { Migration } from '@mikro-orm/migrations';

export class Migration20261122120544_lot_cost extends Migration {

  override name = 'Migration20261122120544_lot_cost';

  override up(): void | Promise<void> {
    this.addSql(`create table "lot_cost" ("lot_id" uuid not null, "cost_minor" int not null, "units" numeric(12,3) not null, "recorded_by" varchar(255) not null, "recorded_at" timestamptz not null, primary key ("lot_id"));`);

    this.addSql(`alter table "lot_cost" add constraint "lot_cost_cost_minor_check" check (cost_minor >= 0);`);
    this.addSql(`alter table "lot_cost" add constraint "lot_cost_units_check" check (units > 0);`);
  }

}
