import { Migration } from '@mikro-orm/migrations';

export class Migration20261122151218_what_follows_later extends Migration {

  override name = 'Migration20261122151218_what_follows_later';

  override up(): void | Promise<void> {
    this.addSql(`alter table "customer_order" add "follows_order_id" uuid null;`);
    this.addSql(`create index "customer_order_follows_order_id_index" on "customer_order" ("follows_order_id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "customer_order_follows_order_id_index";`);
    this.addSql(`alter table "customer_order" drop column "follows_order_id";`);


  }

}
