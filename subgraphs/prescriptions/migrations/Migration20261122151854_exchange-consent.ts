import { Migration } from '@mikro-orm/migrations';

export class Migration20261122151854_exchange_consent extends Migration {

  override name = 'Migration20261122151854_exchange_consent';

  override up(): void | Promise<void> {
    this.addSql(`alter table "patient_fact" add "exchange_consent" boolean not null default false, add "exchange_consent_version" int not null default 0;`);
  }

  override down(): void | Promise<void> {


    this.addSql(`alter table "patient_fact" drop column "exchange_consent", drop column "exchange_consent_version";`);

  }

}
