import { Migration } from '@mikro-orm/migrations';

export class Migration20261122150629_identity_confirms extends Migration {

  override name = 'Migration20261122150629_identity_confirms';

  override up(): void | Promise<void> {
    this.addSql(`alter table "erasure_confirmation" drop constraint "erasure_confirmation_service_check";`);
    this.addSql(`alter table "erasure_confirmation" add constraint "erasure_confirmation_service_check" check ("service" in ('patients', 'prescriptions', 'orders', 'logistics', 'identity'));`);
  }

  override down(): void | Promise<void> {


    this.addSql(`alter table "erasure_confirmation" drop constraint "erasure_confirmation_service_check";`);
    this.addSql(`alter table "erasure_confirmation" add constraint "erasure_confirmation_service_check" check ("service" in ('patients', 'prescriptions', 'orders', 'logistics'));`);

  }

}
