import { Migration } from '@mikro-orm/migrations';

export class Migration20261122144439_import_tries extends Migration {

  override name = 'Migration20261122144439_import_tries';

  override up(): void | Promise<void> {
    this.addSql(`alter table "bulk_import_line" add "tries" int not null default 0, add "next_try_at" timestamptz null, add "retryable" boolean not null default false;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "bulk_import_line" drop column "tries", drop column "next_try_at", drop column "retryable";`);



  }

}
