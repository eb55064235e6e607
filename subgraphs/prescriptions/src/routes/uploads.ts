import { AppError, type Route } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { receiveUpload } from '../commands/receive-upload.ts'
import { viewPicture } from '../commands/view-picture.ts'
import type { Services } from '../services.ts'
import { readPicture } from '../uploads/picture.ts'

/** A patient sends a picture or PDF of a paper prescription as the body of the request. */
const sendRoute: Route<Services> = {
  method: 'POST',
  path: '/uploads/prescriptions',
  async run({ actor, body, services, transact }) {
    if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in as a patient')
    access.must(actor, 'upload:send', undefined)
    const picture = await readPicture(body, services.scanner)
    const { id, number, status, contentHash } = await transact((em) => receiveUpload(em, actor, services, { picture, body }))
    return { status: 201, contentType: 'application/json', headers: { location: `/uploads/prescriptions/${id}` }, body: { id, number, status, contentHash } }
  },
}

/** The picture, for its patient and for those who work with it; no browser may run, sniff or keep it. */
const viewRoute: Route<Services> = {
  method: 'GET',
  path: '/uploads/prescriptions/:id',
  async run({ actor, params, services, transact }) {
    if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in')
    const { contentType, body } = await transact((em) => viewPicture(em, actor, services, params['id']))
    return {
      status: 200, contentType, body,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox", 'content-disposition': 'inline; filename="prescription"' },
    }
  },
}

export const uploadRoutes = [sendRoute, viewRoute]
