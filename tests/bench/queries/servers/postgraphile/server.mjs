// PostGraphile 5 as its documentation says to run it in production, with more room in its caches than it has by itself.
// node server.mjs PORT POOL; the database is in PGHOST, PGPORT, PGUSER and PGDATABASE.

import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { jsonPgSmartTags } from "postgraphile/utils";

const [port, pool] = process.argv.slice(2).map(Number);

// Some sources and records have no date. That these columns are said to be never null is for PostGraphile's sake: its
// conditions on cursors are faster then, and the lists that are asked for hold dated rows alone.
const dated = { created_at: { tags: { notNull: true } } };

const relations = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      "public.harvest_record": { attribute: dated },
      "public.harvest_source": {
        attribute: dated,
        tags: {
          foreignKey: [
            "(organization_id) references public.organization (id)|@fieldName organization|@foreignFieldName sources",
            "(last_job_id) references public.harvest_job (id)|@fieldName lastJob|@behavior -backwardRelation",
          ],
        },
      },
      "public.harvest_job": {
        tags: {
          foreignKey: ["(source_id) references public.harvest_source (id)|@fieldName source|@foreignFieldName jobs"],
        },
      },
      "public.harvest_error": {
        tags: { foreignKey: ["(job_id) references public.harvest_job (id)|@fieldName job|@foreignFieldName errors"] },
      },
    },
  },
});

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [relations],
  // It would hide conditions on presence and status, which no index begins with.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [
    makePgService({
      schemas: ["public", "peer"],
      poolConfig: { host: process.env.PGHOST, min: pool, max: pool, idleTimeoutMillis: 0 },
    }),
  ],
  grafserv: {
    port,
    host: "127.0.0.1",
    graphiql: false,
    websockets: false,
    watch: false,
    outputDataAsString: true,
    parseAndValidateCacheSize: 5000,
  },
  grafast: {
    explain: false,
    queryCacheMaxLength: 5000,
    operationsCacheMaxLength: 5000,
    operationOperationPlansCacheMaxLength: 500,
  },
};

const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const serv = postgraphile(preset).createServ(grafserv);
await serv.addTo(server);
server.listen(port, "127.0.0.1");
