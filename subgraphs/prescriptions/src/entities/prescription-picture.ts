import { defineEntity, p } from '@mikro-orm/postgresql'

/** The picture of an uploaded prescription, sealed under the patient's data key. */
export const PrescriptionPictureSchema = defineEntity({
  name: 'PrescriptionPicture',
  tableName: 'prescription_picture',
  properties: {
    prescriptionId: p.uuid().primary(),
    sealedFor: p.uuid(),
    /** The bytes in base64, sealed; loaded only where they are shown. */
    sealed: p.text().lazy(),
    contentType: p.string(),
    bytes: p.integer(),
    /** Hex. */
    sha256: p.string(),
    /** Staff who looked at it: nobody reads or verifies a prescription from a picture they have not seen. */
    viewedBy: p.array(),
    receivedAt: p.datetime(),
  },
})
export class PrescriptionPicture extends PrescriptionPictureSchema.class {}
PrescriptionPictureSchema.setClass(PrescriptionPicture)
