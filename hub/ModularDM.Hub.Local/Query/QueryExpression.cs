namespace ModularDM.Hub.Local.Query;

/// <summary>
/// A part of a query that has a value for each item. Only texts, numbers, booleans and null compare; a comparison with anything else, or with what is
/// missing, is false, and a condition holds when it is true and not merely something.
/// </summary>
internal abstract record QueryExpression
{
    /// <summary>The parts that this one is made of.</summary>
    public virtual IEnumerable<QueryExpression> Parts => [];

    public abstract QueryValue Evaluate(IQueryItem item);

    /// <summary>This part and everything in it.</summary>
    public IEnumerable<QueryExpression> All()
    {
        var waiting = new Stack<QueryExpression>([this]);
        while (waiting.TryPop(out QueryExpression? next))
        {
            yield return next;
            foreach (QueryExpression part in next.Parts)
            {
                waiting.Push(part);
            }
        }
    }

    public sealed record Literal(QueryValue Value) : QueryExpression
    {
        public override QueryValue Evaluate(IQueryItem item) => Value;
    }

    public sealed record Member(QueryPath Path) : QueryExpression
    {
        public override QueryValue Evaluate(IQueryItem item) => item.Read(Path);
    }

    public sealed record Compare(QueryExpression Left, CompareKind Kind, QueryExpression Right) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Left, Right];

        public override QueryValue Evaluate(IQueryItem item)
        {
            QueryValue left = Left.Evaluate(item);
            QueryValue right = Right.Evaluate(item);
            if (!left.IsPrimitive || !right.IsPrimitive)
            {
                return QueryValue.False;
            }

            int? order = left.OrderTo(right);
            return QueryValue.Of(Kind switch
            {
                CompareKind.Equal => left.IsEqualTo(right),
                CompareKind.NotEqual => !left.IsEqualTo(right),
                CompareKind.Less => order < 0,
                CompareKind.Greater => order > 0,
                CompareKind.LessOrEqual => order <= 0,
                _ => order >= 0,
            });
        }
    }

    public sealed record In(QueryExpression Value, IReadOnlyList<QueryValue> Options, bool Negated) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Value];

        public override QueryValue Evaluate(IQueryItem item)
        {
            QueryValue value = Value.Evaluate(item);
            return QueryValue.Of(value.IsPrimitive && Options.Any(value.IsEqualTo) != Negated);
        }
    }

    public sealed record Arithmetic(QueryExpression Left, char Operator, QueryExpression Right) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Left, Right];

        public override QueryValue Evaluate(IQueryItem item)
        {
            QueryValue left = Left.Evaluate(item);
            QueryValue right = Right.Evaluate(item);
            if (left.Kind != QueryKind.Number || right.Kind != QueryKind.Number)
            {
                return QueryValue.Undefined;
            }

            // What a number cannot be, such as the quotient by zero, is undefined.
            return QueryValue.Of(Operator switch
            {
                '+' => left.Number + right.Number,
                '-' => left.Number - right.Number,
                '*' => left.Number * right.Number,
                '/' => left.Number / right.Number,
                _ => left.Number % right.Number,
            });
        }
    }

    public sealed record Call(QueryFunction Function, IReadOnlyList<QueryExpression> Arguments) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => Arguments;

        public override QueryValue Evaluate(IQueryItem item) => Function.Run([.. Arguments.Select(a => a.Evaluate(item))]);
    }

    public sealed record Not(QueryExpression Inner) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Inner];

        public override QueryValue Evaluate(IQueryItem item) => QueryValue.Of(!Inner.Evaluate(item).IsTrue);
    }

    public sealed record And(QueryExpression Left, QueryExpression Right) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Left, Right];

        public override QueryValue Evaluate(IQueryItem item) => QueryValue.Of(Left.Evaluate(item).IsTrue && Right.Evaluate(item).IsTrue);
    }

    public sealed record Or(QueryExpression Left, QueryExpression Right) : QueryExpression
    {
        public override IEnumerable<QueryExpression> Parts => [Left, Right];

        public override QueryValue Evaluate(IQueryItem item) => QueryValue.Of(Left.Evaluate(item).IsTrue || Right.Evaluate(item).IsTrue);
    }
}

/// <summary>How two values are compared.</summary>
internal enum CompareKind
{
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}
