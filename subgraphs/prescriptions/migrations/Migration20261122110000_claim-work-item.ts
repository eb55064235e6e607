import { Migration } from '@mikro-orm/migrations';
import { claimWorkItemSql } from '../src/entities/sql.ts';

export class Migration20261122110000_claimWorkItem extends Migration {

  override name = 'Migration20261122110000_claimWorkItem';

  override up(): void {
    this.addSql(claimWorkItemSql);
  }

}
