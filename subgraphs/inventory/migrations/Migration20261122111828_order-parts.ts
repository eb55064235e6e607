import { Migration } from '@mikro-orm/migrations';

export class Migration20261122111828_order_parts extends Migration {

  override name = 'Migration20261122111828_order_parts';

  override up(): void | Promise<void> {
    this.addSql(`alter table "stock_request" add "cancelled_lines" uuid[] not null default '{}';`);
  }

}
