/** The method of the workerpool subject. */
import workerpool from 'workerpool';

workerpool.worker({ echo: (payload: unknown) => payload });
