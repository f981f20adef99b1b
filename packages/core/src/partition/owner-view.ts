/**
 * What code at the owner is handed of a stored value: the value itself, deep-frozen, or a frozen copy where it holds
 * binaries. A version remembers which, so a value is looked through once, however often it is read.
 */
import { freezeDeep, frozenCopy } from '../codec/freeze.ts';
import { OwnerView, type Version } from './table-versions.ts';

export function ownerView(version: Version): unknown {
  const { value } = version;
  if (version.ownerView === OwnerView.value || typeof value !== 'object' || value === null) return value;
  if (version.ownerView === OwnerView.unknown) {
    version.ownerView = freezeDeep(value) ? OwnerView.copy : OwnerView.value;
  }
  return version.ownerView === OwnerView.value ? value : frozenCopy(value);
}
