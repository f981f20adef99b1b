/** Values on their way into a table: as the table's schema has them, where it has one, and copied. */
import { copyValue } from '../codec/value.ts';
import { validated } from '../definition/standard-schema.ts';
import type { AnyTable } from '../definition/table-definition.ts';
import { InvalidArgumentError } from '../errors/errors.ts';

/** A copy of a value that is to be stored. `name`: what errors call it. Throws VALIDATION_FAILED, VALUE_NOT_SUPPORTED. */
export function copyToStore(value: unknown, name: string, { schema, name: table }: AnyTable): unknown {
  if (schema === undefined) return copyValue(value, name);
  const made = validated(schema, value, () => `${name} for table '${table}'`);
  if (made === undefined) throw madeUndefined(name, table);
  return copyValue(made, name);
}

/** The same where undefined means that the entry is removed. */
export function copyToPut(value: unknown, name: string, table: AnyTable): unknown {
  return value === undefined ? undefined : copyToStore(value, name, table);
}

function madeUndefined(name: string, table: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the schema of table '${table}' has made undefined of ${name}, which means "absent" in a table`,
    { details: { argument: name } },
  );
}
