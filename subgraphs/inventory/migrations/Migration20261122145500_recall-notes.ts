import { Migration } from '@mikro-orm/migrations';

export class Migration20261122145500_recall_notes extends Migration {

  override name = 'Migration20261122145500_recall_notes';

  override up(): void | Promise<void> {
    // patients wrote about themselves there, and nobody's key seals it here
    this.addSql(`update transition set reason = null where machine = 'recallNotice' and reason is not null;`);
  }

}
