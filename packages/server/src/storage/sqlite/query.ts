// Queries: Kysely writes and types the SQL, we run it. Kysely's own driver layer is left out because it costs several promises
// and a compilation per query, which is most of the time of a point query; here a query is compiled once and bound many times.
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { Compilable } from 'kysely';
import type { Schema } from './schema.ts';

/** SQL text with its parameters; `Row` is what it returns. */
export type Query<Row> = {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Never set; carries the type. */
  readonly row?: Row;
};

/** Builds queries for the tables; cannot run any. */
export const tables: Kysely<Schema> = new Kysely({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** Compiles a query that is built anew each time, e.g. because it has optional filters. */
export function queryOf<Row>(builder: Compilable<Row>): Query<Row> {
  return builder.compile();
}

class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const slots = new Proxy({}, { get: (_, name) => new Slot(String(name)) });

/**
 * Makes a query that is compiled at its first use. `build` receives, in place of values, marks that it may only hand to the
 * builder; the returned function puts the values in.
 */
export function prepare<Values extends object, Row>(
  build: (values: Values) => Compilable<Row>,
): (values: Values) => Query<Row> {
  let compiled: Query<Row> | undefined;
  return (values) => {
    compiled ??= build(slots as Values).compile();
    const { sql, parameters } = compiled;
    return {
      sql,
      parameters: parameters.map((parameter) =>
        parameter instanceof Slot ? (values as Record<string, unknown>)[parameter.name] : parameter,
      ),
    };
  };
}
