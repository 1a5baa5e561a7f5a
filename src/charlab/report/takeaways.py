"""The sentences that a reader should remember, each with the condition under which it is true.

A takeaway is said only if its condition holds for the results; of several on the same topic, the
first one that holds is said. So a study with other results has other takeaways, or none. The
sentences are written by hand, and have no numbers: those are in ``proof``, computed.
"""

from __future__ import annotations

from charlab.report import conditions as c
from charlab.report import conditions_of_networks as n
from charlab.report import conditions_of_settings as s
from charlab.report.saying import Takeaway

TAKEAWAYS: tuple[Takeaway, ...] = (
    Takeaway(
        "The model",
        "opening",
        c.below_both,
        "The model predicts its text better than the best n-gram and than PPMd, "
        "although its weights stand still while it reads.",
        c.model_beside_baselines,
    ),
    Takeaway(
        "The model",
        "opening",
        c.below_ngram,
        "The model predicts its text better than the best n-gram; "
        "PPMd, which goes on learning as it reads, is still ahead.",
        c.model_beside_baselines,
    ),
    Takeaway(
        "The model",
        "opening",
        c.above_ngram,
        "The model is still behind counting: the best n-gram predicts its text better.",
        c.model_beside_baselines,
    ),
    Takeaway(
        "Counting",
        "overtaking",
        c.large_ones_overtake,
        "Counting is ahead while little has been read. "
        "It took many parameters and much reading to overtake it.",
        c.crossings_in_words,
    ),
    Takeaway(
        "Counting",
        "overtaking",
        c.all_overtake,
        "Counting is ahead only at first: every network shown here overtakes it.",
        c.crossings_in_words,
    ),
    Takeaway(
        "Counting",
        "overtaking",
        c.none_overtakes,
        "With this much text, counting wins: no network shown here overtakes it.",
        c.crossings_in_words,
    ),
    Takeaway(
        "Start",
        "state",
        c.zeros_cost_at_first_only,
        "A start from zeros is a handicap for the first characters, not for the whole chunk.",
    ),
    Takeaway(
        "By hand",
        "backends",
        c.backends_agree,
        "The network written by hand learns what the library's learns: there is no more to it.",
        c.backends_in_words,
    ),
    Takeaway(
        "Clipping",
        "training",
        c.only_unclipped_fail,
        "Clipping is a seat belt: with it every run arrived, without it some did not.",
        c.failures_in_words,
    ),
    Takeaway(
        "Clipping",
        "training",
        c.nothing_fails,
        "Clipping was insurance here: no run needed it to arrive.",
    ),
    Takeaway(
        "Temperature",
        "generation",
        c.temperature_trades,
        "A low temperature repeats what is safe, a high one makes words up.",
        c.temperature_in_words,
    ),
    Takeaway(
        "Dropout",
        "dropout",
        c.dropout_remedy,
        "Dropout made training worse and unseen text better: "
        "it is a remedy for a network that learns its text by heart.",
        c.dropout_in_words,
    ),
    Takeaway(
        "Dropout",
        "dropout",
        c.dropout_helps,
        "Dropout made unseen text easier.",
        c.dropout_in_words,
    ),
    Takeaway(
        "Dropout",
        "dropout",
        c.dropout_costs,
        "Dropout only cost here, at every rate that was tried.",
        c.dropout_in_words,
    ),
    Takeaway(
        "Dropout",
        "dropout",
        c.dropout_undecided,
        "Whether dropout helps cannot be told from these runs.",
    ),
    Takeaway(
        "Dropout's place",
        "dropout",
        c.between_does_nothing,
        "Dropout between layers needs two layers: with one it is the same network, "
        "digit for digit.",
    ),
    Takeaway(
        "Activation",
        "activations",
        n.rate_matters_more,
        "Choosing the learning rate moved the loss more than choosing the function: "
        "compare functions only after each has its own rate.",
        n.rate_and_function_in_words,
    ),
    Takeaway(
        "Activation",
        "activations",
        n.sigmoid_ahead,
        "The sigmoid, whose small slope should stop the gradient early, was ahead of tanh: "
        "theory says what to try, and only a run says what is better.",
    ),
    Takeaway(
        "Activation",
        "activations",
        n.tanh_behind,
        "tanh is a habit, not a law: another function was ahead of it.",
    ),
    Takeaway(
        "Activation",
        "activations",
        n.tanh_first,
        "tanh earned its place: every other function was behind it.",
    ),
    Takeaway(
        "Activation",
        "activations",
        n.functions_together,
        "Between these functions the results do not decide.",
    ),
    Takeaway(
        "Gates",
        "cells",
        n.gates_win_twice,
        "Gates win at the same number of units and at the same number of parameters: "
        "it is not the parameters alone.",
        n.gates_in_words,
    ),
    Takeaway(
        "Gates",
        "cells",
        n.rnn_passes_lstm,
        "At the same number of units the gates win. "
        "At the same number of parameters the plain RNN passes the LSTM on val.",
        n.gates_in_words,
    ),
    Takeaway(
        "Gates",
        "cells",
        n.rnn_catches_up,
        "At the same number of units the gates win. "
        "At the same number of parameters the plain RNN is not behind.",
        n.gates_in_words,
    ),
    Takeaway(
        "Gates",
        "cells",
        n.gates_win_at_equal_units,
        "At the same number of units the gates win.",
        n.gates_in_words,
    ),
    Takeaway(
        "Gates",
        "cells",
        n.rnn_first,
        "On these characters the gates gained nothing: the plain RNN came first.",
        n.gates_in_words,
    ),
    Takeaway(
        "Memory",
        "memory",
        n.gates_remember,
        "Gates are for remembering: what was said a hundred characters ago is nearly all there in "
        "the gated cells, and less of it in the plain RNN.",
        n.memory_in_words,
    ),
    Takeaway(
        "Memory",
        "memory",
        n.all_remember,
        "Every cell learned to remember over a hundred characters, the plain RNN too.",
        n.memory_in_words,
    ),
    Takeaway(
        "Memory",
        "memory",
        n.none_remembers,
        "No cell learned to remember far: training on little text teaches what is near.",
        n.memory_in_words,
    ),
    Takeaway(
        "First lessons",
        "memory",
        n.growth_teaches,
        "Memory grows from short to long: the same network learned it only where the distances "
        "grew as the book went on.",
        n.growth_in_words,
    ),
    Takeaway(
        "Size",
        "sizes",
        s.larger_is_better_but_less,
        "A larger state is better, and each step up brings less than the one before.",
        s.sizes_in_words,
    ),
    Takeaway(
        "Size",
        "sizes",
        s.larger_is_better,
        "A larger state is better, up to the largest that was tried.",
        s.sizes_in_words,
    ),
    Takeaway(
        "Sequence length",
        "sizes",
        n.state_outreaches_gradient,
        "A carried state remembers much farther back than the gradient reaches.",
    ),
    Takeaway(
        "Rate",
        "sizes",
        s.rates_have_a_valley,
        "The learning rate has a valley: too small and too large both cost. Look for it first.",
    ),
    Takeaway(
        "Languages",
        "texts",
        s.orders_differ,
        "Bits per character of two languages do not compare: "
        "beside each text's own n-gram the order is a different one.",
        s.texts_in_words,
    ),
    Takeaway(
        "Languages",
        "texts",
        s.orders_agree,
        "The text that costs most bits per character is also the hardest beside its own n-gram.",
        s.texts_in_words,
    ),
)
