# One image for every process of the graph: the command says which. Node runs the TypeScript as it stands, no build step.
FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY schema/package.json schema/
COPY platform/package.json platform/
COPY gateway/package.json gateway/
COPY clients/sdk/package.json clients/sdk/
COPY dev/package.json dev/
COPY subgraphs/patients/package.json subgraphs/patients/
COPY subgraphs/prescriptions/package.json subgraphs/prescriptions/
COPY subgraphs/catalog/package.json subgraphs/catalog/
COPY subgraphs/inventory/package.json subgraphs/inventory/
COPY subgraphs/orders/package.json subgraphs/orders/
COPY subgraphs/logistics/package.json subgraphs/logistics/
COPY subgraphs/audit/package.json subgraphs/audit/
# the local identity provider and sandboxes need development packages; leave them out with --build-arg OMIT=dev
ARG OMIT=
RUN npm ci --omit=optional ${OMIT:+--omit=$OMIT} --ignore-scripts && npm cache clean --force
COPY . .
RUN mkdir /data && chown node:node /data
USER node
# SERVICE is gateway, dev/src/identity, or subgraphs/<name>
ENV SERVICE=gateway PORT=4000
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD node -e "fetch('http://127.0.0.1:'+process.env.PORT+'/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
CMD ["sh", "-c", "exec node ${SERVICE}/src/main.ts"]
