import { Migration } from '@mikro-orm/migrations';

export class Migration20261122142123_returned_to_stock extends Migration {

  override name = 'Migration20261122142123_returned_to_stock';

  override up(): void | Promise<void> {
    this.addSql(`alter table "order_line" drop constraint "order_line_status_check";`);
    this.addSql(`alter table "order_line" add constraint "order_line_status_check" check ("status" in ('PENDING', 'ACCEPTED', 'BACKORDERED', 'BLOCKED', 'HELD', 'RELEASED', 'RETURNED_TO_STOCK', 'CANCELLED'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "order_line" drop constraint "order_line_status_check";`);
    this.addSql(`alter table "order_line" add constraint "order_line_status_check" check ("status" in ('PENDING', 'ACCEPTED', 'BACKORDERED', 'BLOCKED', 'HELD', 'RELEASED', 'CANCELLED'));`);


  }

}
