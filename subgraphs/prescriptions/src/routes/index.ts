import { epcsStatusRoute } from './epcs-status.ts'
import { scriptRoute } from './erx-script.ts'
import { fhirRoutes } from './fhir.ts'
import { fhirImportRoutes } from './fhir-import.ts'
import { fhirReadRoutes } from './fhir-read.ts'
import { signingKeysRoute } from './signing-keys.ts'
import { uploadRoutes } from './uploads.ts'

export const routes = [scriptRoute, ...fhirRoutes, ...fhirReadRoutes, ...fhirImportRoutes, ...uploadRoutes, epcsStatusRoute, signingKeysRoute]
