import { Migration } from '@mikro-orm/migrations';

export class Migration20261122153356_named_conditions extends Migration {

  override name = 'Migration20261122153356_named_conditions';

  override up(): void | Promise<void> {
    this.addSql(`alter table "prescription" add "condition_named" boolean not null default false;`);
  }

  override down(): void | Promise<void> {


    this.addSql(`alter table "prescription" drop column "condition_named";`);

  }

}
