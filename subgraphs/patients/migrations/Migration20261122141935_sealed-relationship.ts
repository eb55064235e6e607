import { Migration } from '@mikro-orm/migrations';

export class Migration20261122141935_sealed_relationship extends Migration {

  override name = 'Migration20261122141935_sealed_relationship';

  override up(): void | Promise<void> {
    this.addSql(`alter table "delegation" alter column "relationship" drop not null;`);
  }

  override down(): void | Promise<void> {

    this.addSql(`alter table "delegation" alter column "relationship" set not null;`);


  }

}
