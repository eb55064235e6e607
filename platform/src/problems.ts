/**
 * Foreseen refusals become members of result unions: where a mutation's result union has the SDL type an error names,
 * the error is the answer; otherwise it is thrown. Resolvers stay free of try and catch.
 */
import { isUnionType, type GraphQLFieldResolver, type GraphQLSchema, getNamedType } from 'graphql'
import { AppError } from './errors.ts'

export function answerProblems(schema: GraphQLSchema): void {
  const mutation = schema.getMutationType()
  for (const field of Object.values(mutation?.getFields() ?? {})) {
    const result = getNamedType(field.type)
    if (!isUnionType(result)) continue
    const members = new Set(result.getTypes().map((type) => type.name))
    const resolve = field.resolve as GraphQLFieldResolver<unknown, unknown>
    field.resolve = async (source, args, context, info) => {
      try {
        return await resolve(source, args, context, info)
      } catch (error) {
        if (error instanceof AppError && error.row.problem && members.has(error.row.problem)) {
          return { __typename: error.row.problem, code: error.code, message: error.message, ...error.details }
        }
        throw error
      }
    }
  }
}
