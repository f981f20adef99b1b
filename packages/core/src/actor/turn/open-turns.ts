/**
 * The turns of one actor that are under way, and what each is handed: the actor's own context for one that is alone, a
 * context of its own for one within another, a frozen copy of the state for a readonly one.
 */

import type { ActorType } from '../actor-type.ts';
import type { ContextClasses, ContextHome, OwnContext } from '../life/actor-context.ts';
import type { Letter } from '../mail/letter.ts';
import { frozenState } from './readonly-state.ts';
import { mayBegin } from './turn-rule.ts';

/** Whose turns these are. */
export interface TurnGround {
  readonly home: ContextHome;
  readonly type: ActorType;
  readonly context: OwnContext;
  readonly contexts: ContextClasses;
}

const none: readonly Letter[] = [];

export class OpenTurns {
  /** Most often there is one at most. */
  #first: Letter | undefined;
  #beside: Letter[] | undefined;
  /** What readonly turns are handed, made since the last other turn. */
  #frozen: { readonly state: unknown } | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  get all(): readonly Letter[] {
    if (this.#first === undefined) return none;
    return this.#beside === undefined ? [this.#first] : [this.#first, ...this.#beside];
  }

  mayBegin(letter: Letter): boolean {
    return this.#first === undefined || mayBegin(letter, this.all);
  }

  /** The first from this urgent letter on that may begin: each belongs to a turn of its own, and may wait for others. */
  firstOfUrgent(first: Letter): Letter | undefined {
    let letter: Letter | undefined = first;
    for (; letter?.urgent === true; letter = letter.next) if (this.mayBegin(letter)) return letter;
    return undefined;
  }

  /** The turn that has this context. */
  withContext(context: OwnContext, own: OwnContext): Letter | undefined {
    const isOwn = context === own;
    return this.all.find(({ turn }) => (turn?.context === undefined ? isOwn : turn.context === context));
  }

  /** The turn begins. What its method gets first. */
  begin(letter: Letter, ground: TurnGround): OwnContext {
    const isAlone = this.#first === undefined;
    letter.place = 'running';
    if (isAlone) this.#first = letter;
    else this.#beside = [...(this.#beside ?? []), letter];
    if (!letter.readonly) this.#frozen = undefined;
    const { turn } = letter;
    if (turn?.stream !== undefined) {
      // The same at each step.
      turn.context ??= this.#contextBeside(letter, ground);
      return turn.context;
    }
    if (isAlone && !letter.readonly) {
      this.#frozen = undefined;
      return ground.context;
    }
    const context = this.#contextBeside(letter, ground);
    letter.record().context = context;
    return context;
  }

  end(letter: Letter): void {
    letter.place = 'ended';
    const beside = this.#beside;
    if (beside === undefined) {
      this.#first = undefined;
      return;
    }
    const isFirst = letter === this.#first;
    const left = isFirst ? beside : beside.filter((turn) => turn !== letter);
    if (isFirst) this.#first = left.shift();
    this.#beside = left.length === 0 ? undefined : left;
  }

  /** The state has changed by other means than a turn. */
  stateChanged(): void {
    this.#frozen = undefined;
  }

  #contextBeside(letter: Letter, ground: TurnGround): OwnContext {
    const { contexts, context, home, type } = ground;
    if (letter.readonly)
      return contexts.readonly(context.key, this.#frozenState(ground), type.labelOf(letter.method), home);
    this.#frozen = undefined;
    return contexts.nested(context, home);
  }

  #frozenState({ context, type }: TurnGround): unknown {
    // A turn that may change the state is under way around this one.
    if (this.all.some((turn) => !turn.readonly)) return frozenState(context.state, type);
    this.#frozen ??= { state: frozenState(context.state, type) };
    return this.#frozen.state;
  }
}
