import { page } from '@pharmagraph/platform'
import { BulkImportLine } from '../entities/bulk-import.ts'
import type { BulkImportLineResolvers, BulkImportResolvers } from '../generated/resolvers.ts'

export const bulkImportResolvers: BulkImportResolvers = {
  waiting: ({ total, accepted, refused, readAlong }) => total - accepted - refused - readAlong,
  // ids are made line by line, so that their order is that of the file
  lines: ({ id }, { status, first, after }, { em }) => page(em, BulkImportLine, { importId: id, ...(status ? { status } : {}) }, { first: first ?? 100, after }, 'asc'),
}

export const bulkImportLineResolvers: BulkImportLineResolvers = {
  prescription: ({ prescriptionId }, _args, { loaders }) => (prescriptionId ? loaders.prescription.load(prescriptionId) : null),
}
