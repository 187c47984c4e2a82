"""A small test of plain facts: the answer and three that are wrong, written for this course."""

from typing import NamedTuple


class Fact(NamedTuple):
    """A question to which one short answer is right."""

    question: str
    answer: str
    wrong: str
    wrong_too: str
    also_wrong: str

    @property
    def options(self) -> list[str]:
        """The four answers, the right one first."""
        return [self.answer, self.wrong, self.wrong_too, self.also_wrong]


FACTS = (
    Fact("Which animal barks?", "dog", "cat", "cow", "hen"),
    Fact("What do bees make?", "honey", "milk", "wool", "paper"),
    Fact("What is the capital of Japan?", "Tokyo", "Beijing", "Seoul", "Bangkok"),
    Fact("Which planet is the largest?", "Jupiter", "Mars", "Earth", "Venus"),
    Fact("What colour is an emerald?", "green", "red", "blue", "yellow"),
    Fact("How many legs has a spider?", "eight", "six", "four", "ten"),
    Fact("Who wrote Hamlet?", "Shakespeare", "Dickens", "Milton", "Chaucer"),
    Fact("Which gas do plants take in?", "carbon dioxide", "oxygen", "nitrogen", "helium"),
    Fact("What melts into water?", "snow", "sand", "iron", "glass"),
    Fact("What is frozen water called?", "ice", "steam", "sand", "salt"),
    Fact("Which metal is liquid at room temperature?", "mercury", "iron", "copper", "gold"),
    Fact("What does a thermometer measure?", "temperature", "weight", "time", "speed"),
    Fact("Which organ pumps blood?", "the heart", "the liver", "the brain", "the skin"),
    Fact("Which ocean is the largest?", "the Pacific", "the Atlantic", "the Indian", "the Arctic"),
    Fact("What is the opposite of ancient?", "modern", "old", "large", "quiet"),
    Fact("Which month has 28 days in most years?", "February", "January", "June", "August"),
    Fact("How many days are in a leap year?", "366", "365", "364", "360"),
    Fact("What do you call a young sheep?", "a lamb", "a calf", "a foal", "a kitten"),
    Fact("What do you call a young horse?", "a foal", "a lamb", "a calf", "a puppy"),
    Fact("What do caterpillars turn into?", "butterflies", "spiders", "birds", "worms"),
    Fact("Which bird cannot fly?", "the penguin", "the eagle", "the swallow", "the owl"),
    Fact("Which instrument has 88 keys?", "the piano", "the violin", "the flute", "the drum"),
    Fact("What is the currency of Japan?", "the yen", "the dollar", "the euro", "the pound"),
    Fact("What is H2O?", "water", "salt", "air", "sugar"),
    Fact(
        "Where do fish breathe?", "through gills", "through lungs", "through skin", "through fins"
    ),
    Fact("What is 7 times 8?", "56", "54", "48", "63"),
    Fact("What is 15 plus 27?", "42", "41", "32", "52"),
    Fact("What is half of 90?", "45", "40", "50", "35"),
    Fact(
        "In which direction does the sun rise?",
        "in the east",
        "in the west",
        "in the north",
        "in the south",
    ),
    Fact(
        "Who painted the Mona Lisa?",
        "Leonardo da Vinci",
        "Vincent van Gogh",
        "Pablo Picasso",
        "Claude Monet",
    ),
    Fact("Which country has the most people?", "India", "Canada", "Brazil", "Egypt"),
    Fact("What is a baby frog called?", "a tadpole", "a chick", "a cub", "a kid"),
    Fact("Which language is spoken in Brazil?", "Portuguese", "Spanish", "English", "French"),
    Fact("What is the chemical symbol of gold?", "Au", "Ag", "Fe", "Pb"),
    Fact("What holds the planets in their orbits?", "gravity", "magnetism", "friction", "light"),
    Fact("What is the hardest natural material?", "diamond", "gold", "wood", "chalk"),
    Fact("On which continent is Egypt?", "Africa", "Asia", "Europe", "America"),
    Fact("What do pandas eat?", "bamboo", "fish", "meat", "grass"),
    Fact(
        "Why do we see lightning before we hear thunder?",
        "because light is faster than sound",
        "because thunder is late",
        "because ears are slow",
        "because of the rain",
    ),
    Fact(
        "Why does ice float?",
        "because it is less dense than water",
        "because it is cold",
        "because it is heavy",
        "because it is hard",
    ),
    Fact("What do we call people who cannot see?", "blind", "deaf", "dumb", "lame"),
    Fact("What is made from grapes?", "wine", "beer", "bread", "cheese"),
    Fact("What is bread made from?", "flour", "wine", "milk", "sand"),
    Fact("What is cheese made from?", "milk", "flour", "grapes", "eggs"),
    Fact("Which of these is a fruit?", "an apple", "a carrot", "a potato", "an onion"),
    Fact("Which season comes after winter?", "spring", "summer", "autumn", "June"),
    Fact("Which day comes after Monday?", "Tuesday", "Sunday", "Friday", "Saturday"),
    Fact("How many minutes are in two hours?", "120", "100", "60", "200"),
)
