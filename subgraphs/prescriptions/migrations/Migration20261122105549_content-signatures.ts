import { Migration } from '@mikro-orm/migrations';
import { vaultFromSettings, type EntityManager } from '@pharmagraph/platform';
import { contentHash, type PrescriptionContent } from '../src/content.ts';
import { signReceived, signVerified } from '../src/integrity/prescription.ts';
import { signerFromSettings } from '../src/integrity/signer.ts';
import type { Prescription } from '../src/entities/prescription.ts';

/** Prescriptions of before are signed as they stand, where they still carry the hash they came in with; the others never verify. */
export class Migration20261122105549_content_signatures extends Migration {

  override name = 'Migration20261122105549_content_signatures';

  override async up(): Promise<void> {
    await this.execute(`alter table "dispense_record" add "signature" text null, add "signature_key_id" varchar(255) null;`);
    await this.execute(`alter table "prescription" add "signature" text null, add "signature_key_id" varchar(255) null, add "verification_signature" text null, add "verification_key_id" varchar(255) null;`);
    const rows = (await this.execute(`select id, sealed_for as "sealedFor", sealed, content_hash as "contentHash", patient_id as "patientId", practitioner_id as "practitionerId", drug_id as "drugId",
      dea_schedule as "deaSchedule", days_supply as "daysSupply", evaluation_basis as "evaluationBasis", source, verified_by as "verifiedBy", verified_at as "verifiedAt" from prescription`)) as unknown as Prescription[];
    if (rows.length) await this.signAll(rows);
    // ids of rules that cover schedules III and IV as well now
    await this.execute(`update prescription set expiry_rule = replace(expiry_rule, '-cv-validity', '-ciii-cv-validity') where expiry_rule in ('ia-cv-validity', 'sc-cv-validity')`);
    await this.execute(`alter table "prescription" alter column "signature" set not null, alter column "signature_key_id" set not null;`);
  }

  private async signAll(rows: readonly Prescription[]): Promise<void> {
    const [vault, signer, em] = [vaultFromSettings(), signerFromSettings(), this.getEntityManager()];
    for (const row of rows) {
      // an erased patient's prescription opens for nobody any more
      const content = await vault.open<PrescriptionContent>(em as EntityManager, row.sealedFor, row.sealed).catch(() => undefined);
      const intact = !!content && contentHash(content) === row.contentHash;
      const { keyId, value } = intact ? signReceived(signer, row.id, content) : { keyId: signer.keyId, value: '' };
      if (intact && row.verifiedAt) signVerified(signer, Object.assign(row, { verifiedAt: new Date(row.verifiedAt) }));
      await this.execute('update prescription set signature = ?, signature_key_id = ?, verification_signature = ?, verification_key_id = ? where id = ?', [
        value, keyId, row.verificationSignature ?? null, row.verificationKeyId ?? null, row.id,
      ]);
    }
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "dispense_record" drop column "signature", drop column "signature_key_id";`);
    this.addSql(`alter table "prescription" drop column "signature", drop column "signature_key_id", drop column "verification_signature", drop column "verification_key_id";`);
  }

}
