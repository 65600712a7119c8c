/** Whether a type is `any`, as the values within a Struct are. */
type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** What the generated code fills up to a message: any field may be left out, and a bigint may be given as a number. */
export type DeepPartial<Type> =
  IsAny<Type> extends true
    ? Type
    : Type extends bigint
      ? bigint | number
      : Type extends string | number | boolean | Uint8Array | undefined
        ? Type
        : Type extends readonly (infer Item)[]
          ? readonly DeepPartial<Item>[]
          : Type extends { readonly $case: infer Case; readonly value: infer Value }
            ? { readonly $case: Case; readonly value: DeepPartial<Value> }
            : { readonly [Field in keyof Type]?: DeepPartial<Type[Field]> | undefined };

/** A request as a caller gives it: the key whole, and of the rest what there is to say. */
export type Given<Request> = {
  readonly [Field in keyof Request as Field extends "key" ? Field : never]-?: NonNullable<Request[Field]>;
} & {
  readonly [Field in keyof Request as Field extends "key" ? never : Field]?: DeepPartial<Request[Field]> | undefined;
};
