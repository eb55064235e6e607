import { Migration } from '@mikro-orm/migrations';

export class Migration20261122151227_payment_needed_notice extends Migration {

  override name = 'Migration20261122151227_payment_needed_notice';

  override up(): void | Promise<void> {
    this.addSql(`alter table "notification" drop constraint "notification_template_check";`);
    this.addSql(`alter table "notification" add constraint "notification_template_check" check ("template" in ('PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE', 'RECALL', 'DUE_SOON', 'REFILL_READY', 'REFILL_DECLINED', 'ORDER_CHANGED', 'AUTO_ORDER_PLANNED', 'AUTO_ORDER_ASKS', 'AUTO_ORDER_UNPAID', 'PAYMENT_NEEDED', 'EMERGENCY_ACCESS'));`);
  }

  override down(): void | Promise<void> {


    this.addSql(`alter table "notification" drop constraint "notification_template_check";`);
    this.addSql(`alter table "notification" add constraint "notification_template_check" check ("template" in ('PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE', 'RECALL', 'DUE_SOON', 'REFILL_READY', 'REFILL_DECLINED', 'ORDER_CHANGED', 'AUTO_ORDER_PLANNED', 'AUTO_ORDER_ASKS', 'AUTO_ORDER_UNPAID', 'EMERGENCY_ACCESS'));`);

  }

}
