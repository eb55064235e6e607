import { epcsStatusRoute } from './epcs-status.ts'
import { scriptRoute } from './erx-script.ts'
import { fhirRoutes } from './fhir.ts'
import { fhirReadRoutes } from './fhir-read.ts'
import { uploadRoutes } from './uploads.ts'

export const routes = [scriptRoute, ...fhirRoutes, ...fhirReadRoutes, ...uploadRoutes, epcsStatusRoute]
