import { Migration } from '@mikro-orm/migrations';

export class Migration20261122115125_script_version extends Migration {

  override name = 'Migration20261122115125_script_version';

  override up(): void | Promise<void> {
    this.addSql(`alter table "prescription" add "script_version" varchar(255) null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "prescription" drop column "script_version";`);
  }

}
