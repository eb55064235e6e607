import type { DriverResolvers } from '../generated/resolvers.ts'

export const driverResolvers: DriverResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.driver.load(id),
  displayName: ({ given, family }) => `${given} ${family.charAt(0)}.`,
  vehicle: async ({ vehicleId }, _args, { loaders }) => (await loaders.vehicle.load(vehicleId))?.description ?? '',
  coldBox: async ({ vehicleId }, _args, { loaders }) => ((await loaders.vehicle.load(vehicleId))?.coldLitres ?? 0) > 0,
}
